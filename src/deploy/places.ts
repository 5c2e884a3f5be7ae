import { expandTemplate } from '../system/template';
import { pathText } from '../system/fieldPath';
import type { Catalog, CatalogImage, DeployTarget } from '../types';
import { keyOf, titleOf, valueAt, type CustomResource } from './customResource';
import type { Installation } from './installation';
import type { Deployment } from './objects';

/** Where an image runs in a namespace. */
export interface ImagePlace extends DeployTarget {
  /** The custom resource from which an operator makes the Deployment; undefined: the Deployment itself says what runs. */
  readonly writer: CustomResource | undefined;
  /** Why nothing can be deployed there, as a sentence; undefined: it can. */
  readonly hindrance: string | undefined;
}

/** Where each image runs; without an entry it does not. */
export type Places = ReadonlyMap<string, readonly ImagePlace[]>;

/**
 * Where the images of a catalog run. Pure. A Deployment that an operator makes from a custom resource is never a place of its own: what is
 * written to it, its operator takes back.
 */
export function placesOf(
  catalog: Pick<Catalog, 'images'>,
  { deployments, resources }: Pick<Installation, 'deployments' | 'resources'>,
): Places {
  const byName = new Map(deployments.map((live) => [live.metadata.name, live]));
  const entries = [...catalog.images.values()].map((image): readonly [string, readonly ImagePlace[]] => {
    const written = resources.flatMap((resource) => writtenPlaces(resource, image.name, byName));
    const live = byName.get(image.deploy?.deployment ?? '');
    const isWritten = written.some(({ deployment }) => deployment === live?.metadata.name);
    const own =
      live === undefined || image.deploy === undefined || isWritten
        ? []
        : [ownPlace(image, image.deploy, live, resources)];
    return [image.name, [...own, ...written]];
  });
  return new Map(entries.filter(([, places]) => places.length > 0));
}

function writtenPlaces(
  writer: CustomResource,
  image: string,
  deployments: ReadonlyMap<string, Deployment>,
): readonly ImagePlace[] {
  const place = writer.operator.images.get(image);
  if (place?.deploy === undefined) return [];
  const deployment = expandTemplate(place.deploy.deployment, { name: writer.metadata.name });
  if (!deployments.has(deployment)) return [];
  const { unlessFalse } = place;
  const isLeftAlone = unlessFalse !== undefined && valueAt(writer.content, unlessFalse) === false;
  const hindrance = isLeftAlone
    ? `${image} is left out: ${titleOf(keyOf(writer))} says ${pathText(unlessFalse)}: false, and its operator leaves ${deployment} alone.`
    : undefined;
  return [{ deployment, container: place.deploy.container, writer, hindrance }];
}

function ownPlace(
  { name }: CatalogImage,
  deploy: DeployTarget,
  { metadata }: Deployment,
  resources: readonly CustomResource[],
): ImagePlace {
  const owner = resources.find((each) => metadata.ownerReferences.some(({ uid }) => uid === each.metadata.uid));
  const hindrance =
    owner === undefined
      ? undefined
      : `${name} is left out: ${metadata.name} is made from ${titleOf(keyOf(owner))}, where the catalog knows no place for it ` +
        `(operators.${owner.operator.name}.images.${name}).`;
  return { ...deploy, writer: undefined, hindrance };
}

/** The catalog with the Deployments that are here, where operators name them otherwise. Pure. */
export function catalogHere(catalog: Catalog, installation: Pick<Installation, 'deployments' | 'resources'>): Catalog {
  if (installation.resources.length === 0) return catalog;
  const places = placesOf(catalog, installation);
  const images = [...catalog.images].map(([name, image]): readonly [string, CatalogImage] => {
    const [place] = places.get(name) ?? [];
    return [
      name,
      place === undefined ? image : { ...image, deploy: { deployment: place.deployment, container: place.container } },
    ];
  });
  return { ...catalog, images: new Map(images) };
}
