import { isList, isRecord, plainData, valueAt } from './data';
import { repositoryOf } from './references';
import { documentsOf } from './documents';
import type { WantedImage } from './wanted';

/** What a rendered Deployment says at one place: the image of a container, or a variable. */
export interface Fact {
  /** The Deployment's name. */
  readonly deployment: string;
  readonly image: string;
  /** `image`, or the name of the variable. */
  readonly what: string;
  /** undefined: the variable is not there, so that the one in the image counts. */
  readonly value: string | undefined;
  /** Is it the set's? */
  readonly isWanted: boolean;
}

/** What rendered manifests say of the images. Pure. */
export function factsOf(manifests: string, images: readonly WantedImage[]): readonly Fact[] {
  const objects = documentsOf(manifests).flatMap((document) => {
    const data = plainData(document);
    return data.kind === 'data' ? itemsOf(data.value) : [];
  });
  return objects.flatMap((object) => {
    const name = String(valueAt(object, ['metadata', 'name']));
    const containers = valueAt(object, ['spec', 'template', 'spec', 'containers']);
    if (!isRecord(object) || object['kind'] !== 'Deployment' || !isList(containers)) return [];
    return containers.flatMap((container) => {
      // A namePrefix or nameSuffix may be around the name.
      const image = images.find(
        ({ deploy }) =>
          deploy !== undefined && name.includes(deploy.deployment) && valueAt(container, ['name']) === deploy.container,
      );
      return image === undefined ? [] : containerFacts(name, container, image, images, objects);
    });
  });
}

/**
 * Why rendered manifests must not be pushed: a Deployment that the edit changes and that then has a part of the set only, or a variable
 * twice. Pure; sentences for people.
 */
export function renderedProblems(before: readonly Fact[], after: readonly Fact[]): readonly string[] {
  const same = (a: Fact, b: Fact): boolean => a.deployment === b.deployment && a.what === b.what && a.value === b.value;
  const changed = new Set(
    after.filter((fact) => !before.some((each) => same(each, fact))).map(({ deployment }) => deployment),
  );
  return [...changed].flatMap((deployment) => {
    const facts = after.filter((fact) => fact.deployment === deployment);
    const wrong = facts.filter(({ isWanted }) => !isWanted);
    if (wrong.length === 0) return [];
    const shown = wrong.map(({ what, value }) => `${what} ${value ?? 'nothing'}`).join(' and ');
    return [`the Deployment ${deployment} would be half a set: ${shown} is not the set's, and the rest is`];
  });
}

/** Images that are written but reach no Deployment of the rendered manifests, though they have one of it. Pure. */
export function unreached(written: readonly string[], all: readonly (readonly Fact[])[]): readonly string[] {
  const facts = all.flat();
  return written.filter((name) => {
    const own = facts.filter(({ image }) => image === name);
    return own.length > 0 && !own.some(({ isWanted }) => isWanted);
  });
}

function containerFacts(
  deployment: string,
  container: unknown,
  image: WantedImage,
  images: readonly WantedImage[],
  objects: readonly unknown[],
): readonly Fact[] {
  const own = valueAt(container, ['image']);
  const env = valueAt(container, ['env']);
  const isOf = (value: string | undefined, wanted: WantedImage | undefined): boolean =>
    value !== undefined && wanted !== undefined && isReferenceTo(value, wanted);
  const value = typeof own === 'string' ? own : undefined;
  return [
    { deployment, image: image.name, what: 'image', value, isWanted: isOf(value, image) },
    ...image.env.map(({ variable, image: bound }) => {
      const entries = (isList(env) ? env : []).filter((entry) => isRecord(entry) && entry['name'] === variable);
      const values = entries.map((entry) => variableValue(entry, objects));
      const wanted = images.find(({ name }) => name === bound);
      // The last one counts for the process, the first for a patch: two are never right.
      const isWanted = entries.length === 0 || (entries.length === 1 && isOf(values[0], wanted));
      const shown = entries.length === 0 ? undefined : values.map((each) => each ?? 'unknown').join(' and then ');
      return { deployment, image: bound, what: variable, value: shown, isWanted };
    }),
  ];
}

/** The value of a variable, also where a ConfigMap of the same manifests has it. */
function variableValue(entry: unknown, objects: readonly unknown[]): string | undefined {
  const own = valueAt(entry, ['value']);
  if (typeof own === 'string') return own;
  const [name, key] = ['name', 'key'].map((field) => valueAt(entry, ['valueFrom', 'configMapKeyRef', field]));
  const map = objects.find(
    (object) => valueAt(object, ['kind']) === 'ConfigMap' && valueAt(object, ['metadata', 'name']) === name,
  );
  const value = typeof key === 'string' ? valueAt(map, ['data', key]) : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** By digest, or by the tag of the set's commit. */
function isReferenceTo(reference: string, { repository, digest, tag }: WantedImage): boolean {
  const [name = '', given] = reference.split('@', 2);
  if (repositoryOf(reference) !== repository) return false;
  return given === undefined ? name === `${repository}:${tag}` : given === digest;
}

function itemsOf(value: unknown): readonly unknown[] {
  const items = valueAt(value, ['items']);
  return isRecord(value) && String(value['kind']).endsWith('List') && isList(items) ? items.flatMap(itemsOf) : [value];
}
