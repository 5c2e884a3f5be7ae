import { DeployError, UsageError } from '../errors';
import { quoted } from '../system/quoted';
import { pathText } from '../system/fieldPath';
import type { Catalog, CatalogImage, LockFile } from '../types';
import type { CustomResource } from './customResource';
import type { ImagePlace, Places } from './places';
import { imageOf, pinned } from './release';

/** What a set wants of one Deployment. */
export interface Target {
  readonly deployment: string;
  readonly container: string;
  /** `REPOSITORY@sha256:…`; undefined: only variables are set. */
  readonly image: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** Where an operator makes the Deployment: its custom resource, and which fields of it are to say this. */
  readonly written?: { readonly by: CustomResource; readonly fields: Readonly<Record<string, string>> };
}

/** Targets, and what of the set is left out, for people. */
export interface Targets {
  readonly targets: readonly Target[];
  readonly notes: readonly string[];
}

/**
 * Which Deployments get what. Pure. `names`: images as the user named them, empty: all that the set and the cluster have; `places`: where
 * images run in the namespace. An image without a Deployment (driver, launcher) means those that bind it.
 * Throws UsageError for names that the set lacks and for a set that would leave an apiserver with another commit's driver; DeployError for
 * a named image whose Deployment is not there.
 */
export function targetsOf(
  catalog: Catalog,
  lock: LockFile,
  names: readonly string[],
  places: Places,
  namespace: string,
): Targets {
  const wanted = names.length > 0 ? deployable(catalog, names) : [...catalog.images.values()].filter(runsIn(catalog));
  const notes: string[] = [];
  const targets: Target[] = [];
  const leaveOut = (text: string): void => {
    if (names.length > 0)
      throw new DeployError(`${text} Look at another namespace (--namespace; this is ${namespace}).`);
    notes.push(text);
  };
  for (const image of wanted) {
    const why = obstacle(image, catalog, lock, places);
    if (why?.kind === 'skew' || (names.length > 0 && why?.kind === 'not-in-set')) throw new UsageError(why.text);
    if (why !== undefined) leaveOut(why.text);
    else {
      for (const place of places.get(image.name) ?? []) {
        if (place.hindrance === undefined) targets.push(target(image, lock, place));
        else leaveOut(place.hindrance);
      }
    }
  }
  return { targets, notes };
}

/** Groups and aliases are names too. */
function deployable(catalog: Catalog, names: readonly string[]): readonly CatalogImage[] {
  const all = [...catalog.images.values()];
  const isRun = runsIn(catalog);
  const found = new Set<CatalogImage>();
  for (const name of names) {
    const known = catalog.groups.get(name) ?? (name === 'all' ? all.map((each) => each.name) : [name]);
    for (const each of known) {
      const image = catalog.images.get(each);
      if (image === undefined) {
        throw new UsageError(
          `${quoted(name)} is not an image. There are: ${[...catalog.images.keys(), ...catalog.groups.keys(), 'all'].join(', ')}.`,
        );
      }
      const runs = isRun(image)
        ? [image]
        : all.filter((other) => isRun(other) && Object.values(other.bind).includes(each));
      if (runs.length === 0) {
        throw new UsageError(`${each} has no Deployment in the catalog, and no image that has one names it.`);
      }
      for (const one of runs) found.add(one);
    }
  }
  return all.filter((image) => found.has(image));
}

interface Obstacle {
  readonly kind: 'skew' | 'not-in-set' | 'not-in-cluster';
  readonly text: string;
}

function obstacle(image: CatalogImage, catalog: Catalog, lock: LockFile, places: Places): Obstacle | undefined {
  const parts = [image.name, ...Object.values(image.bind)];
  const missing = parts.filter((name) => imageOf(lock, name) === undefined);
  const isHere = places.has(image.name);
  if (missing.length > 0 && missing.length < parts.length && isHere) {
    return {
      kind: 'skew',
      text:
        `The set of commit ${lock.commit} has ${parts.filter((name) => !missing.includes(name)).join(', ')} but not ` +
        `${missing.join(', ')}. They must be of one commit, or runs fail. Build [${image.name}] of that commit, which brings all of ` +
        `them (what did not change is reused), or deploy others by name: ${others(catalog, lock, image)}.`,
    };
  }
  if (missing.length > 0) {
    const has = Object.keys(lock.images).join(', ');
    return { kind: 'not-in-set', text: `${image.name} is not in the set of commit ${lock.commit}, which has ${has}.` };
  }
  if (!isHere) {
    const deployment = image.deploy === undefined ? 'of it' : image.deploy.deployment;
    return { kind: 'not-in-cluster', text: `${image.name} is left out: there is no Deployment ${deployment} here.` };
  }
  return undefined;
}

function others(catalog: Catalog, lock: LockFile, image: CatalogImage): string {
  const names = [...catalog.images.values()].filter(
    (each) => each !== image && runsIn(catalog)(each) && imageOf(lock, each.name) !== undefined,
  );
  return names.length === 0 ? 'there are none' : names.map(({ name }) => name).join(', ');
}

function target(image: CatalogImage, lock: LockFile, { deployment, container, writer }: ImagePlace): Target {
  const value = (name: string): string => {
    const locked = imageOf(lock, name);
    if (locked === undefined) throw new UsageError(`The set of commit ${lock.commit} has no ${name}.`);
    return pinned(locked);
  };
  const env = Object.entries(image.bind).map(([variable, name]) => [variable, value(name)] as const);
  const own = { deployment, container, image: value(image.name), env: Object.fromEntries(env) };
  if (writer === undefined) return own;
  const fields = [image.name, ...Object.values(image.bind)].map((name): readonly [string, string] => {
    const path = writer.operator.images.get(name)?.path;
    if (path === undefined) {
      throw new UsageError(
        `The catalog does not say where a ${writer.operator.kind} names ${name}, which ${image.name} starts ` +
          `(operators.${writer.operator.name}.images.${name}.path).`,
      );
    }
    return [pathText(path), value(name)];
  });
  return { ...own, written: { by: writer, fields: Object.fromEntries(fields) } };
}

/** Has an image a Deployment, of the catalog's own or of an operator's? */
function runsIn({ operators = new Map() }: Catalog): (image: CatalogImage) => boolean {
  const written = new Set(
    [...operators.values()].flatMap(({ images }) =>
      [...images].flatMap(([name, { deploy }]) => (deploy ? [name] : [])),
    ),
  );
  return ({ name, deploy }) => deploy !== undefined || written.has(name);
}
