import { SourceError } from '../errors';
import { dockerfileUse } from '../dockerfile/contextUse';
import { parseDockerfile } from '../dockerfile/instructions';
import type { GitTree } from '../git/gitTree';
import { containedPath } from '../git/links';
import { Texts } from '../git/texts';
import { parseImageReference } from '../oci/imageReference';
import type { Catalog, CatalogImage, ContentKey } from '../types';
import { withBound } from './graph';
import { platformsOfImage } from './platforms';

/** The image of the catalog that a base image's reference means; undefined: it is one from outside. */
export type OwnImage = (reference: string) => string | undefined;

/**
 * `R/NAME`, where R is the registry path that the set goes to, without a tag or with one that every set moves (`latest`, this commit's own):
 * what is meant is the image of this set. A reference by another tag or by digest means what it names.
 */
export function ownImages({ images }: Catalog, registryPath: string, tags: readonly string[]): OwnImage {
  const names = new Map(
    [...images.values()].map(({ name, repository }) => [
      parseImageReference(`${registryPath}/${repository}`).repository,
      name,
    ]),
  );
  return (reference) => {
    const { repository, tag, digest } = parseImageReference(reference);
    return digest === undefined && ['latest', ...tags].includes(tag) ? names.get(repository) : undefined;
  };
}

/**
 * Where no registry path says what `R` is: the image of the catalog that a reference could mean, which ends like a repository of it.
 * undefined: none. Never throws.
 */
function possiblyOwn({ images }: Catalog, reference: string): string | undefined {
  const { repository, tag, digest } = parseImageReference(reference);
  if (digest !== undefined || tag !== 'latest') return undefined;
  return [...images.values()].find((image) => repository.endsWith(`/${image.repository}`))?.name;
}

/** An image of the catalog whose base image may be another one of it. */
export interface PossibleOwnBase {
  readonly name: string;
  readonly reference: string;
  readonly own: string;
}

/** Those, where no registry path says what is the catalog's own. Pure. */
export function possibleOwnBases(
  catalog: Catalog,
  keys: ReadonlyMap<string, Pick<ContentKey, 'lines'>>,
): readonly PossibleOwnBase[] {
  return [...keys].flatMap(([name, { lines }]) => {
    const references = new Set(lines.flatMap((line) => /^base ([^\t]+)\t/.exec(line)?.[1] ?? []));
    return [...references].flatMap((reference) => {
      const own = possiblyOwn(catalog, reference);
      return own === undefined || own === name ? [] : [{ name, reference, own }];
    });
  });
}

/**
 * The catalog in which each image names those of the catalog that it is built on, as far as the images asked for need them.
 * SourceError: images are built on each other.
 */
export async function withOwnBases(
  catalog: Catalog,
  names: readonly string[],
  tree: GitTree,
  platforms: readonly string[],
  own: OwnImage,
): Promise<Catalog> {
  const texts = new Texts(tree);
  const images = new Map(catalog.images);
  const seen = new Set<string>();
  const found = (): Catalog => ({ ...catalog, images });
  for (;;) {
    const open = withBound(found(), names).flatMap((name) => (seen.has(name) ? [] : (images.get(name) ?? [])));
    if (open.length === 0) break;
    const entries = open.map((image) => tree.entry(containedPath(tree, image.dockerfile) ?? ''));
    await texts.load(entries.flatMap((entry) => entry ?? []));
    for (const [index, image] of open.entries()) {
      seen.add(image.name);
      const entry = entries[index];
      const text = entry === undefined ? undefined : await texts.of(entry);
      const builtOn = text === undefined ? [] : basesOf(image, text, platforms, own);
      if (builtOn.length > 0) images.set(image.name, { ...image, builtOn });
    }
  }
  refuseCircles(found(), [...seen]);
  return found();
}

/** One that starts from an older state of itself is built on what is published. */
function basesOf(image: CatalogImage, text: string, platforms: readonly string[], own: OwnImage): readonly string[] {
  const parsed = parseDockerfile(text);
  const bases = platformsOfImage(image, platforms).flatMap((platform) => dockerfileUse(parsed, image, platform).bases);
  const names = bases.flatMap(({ reference }) => own(reference) ?? []);
  return [...new Set(names)].filter((name) => name !== image.name);
}

/** Each image's own bases and what it binds are built before it, so no way may lead back. */
function refuseCircles({ images }: Catalog, names: readonly string[]): void {
  const done = new Set<string>();
  const visit = (name: string, above: readonly string[]): void => {
    if (above.includes(name)) {
      const circle = [...above.slice(above.indexOf(name)), name];
      throw new SourceError(
        `No order to build these images in: ${circle.join(' → ')}. Each one's Dockerfile starts from or copies from the next one, or binds it; take one of them out.`,
      );
    }
    if (done.has(name)) return;
    const image = images.get(name);
    for (const next of [...(image?.builtOn ?? []), ...Object.values(image?.bind ?? {})]) visit(next, [...above, name]);
    done.add(name);
  };
  for (const name of names) visit(name, []);
}
