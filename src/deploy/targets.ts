import { DeployError, UsageError } from '../errors';
import { quoted } from '../system/quoted';
import type { Catalog, CatalogImage, LockFile } from '../types';
import { imageOf, pinned } from './release';

/** What a set wants of one Deployment. */
export interface Target {
  readonly deployment: string;
  readonly container: string;
  /** `REPOSITORY@sha256:…`; undefined: only variables are set. */
  readonly image: string | undefined;
  readonly env: Readonly<Record<string, string>>;
}

/** Targets, and what of the set is left out, for people. */
export interface Targets {
  readonly targets: readonly Target[];
  readonly notes: readonly string[];
}

/**
 * Which Deployments get what. Pure. `names`: images as the user named them, empty: all that the set and the cluster have; `deployments`:
 * those that the namespace has. An image without a Deployment (driver, launcher) means those that bind it.
 * Throws UsageError for names that the set lacks and for a set that would leave an apiserver with another commit's driver; DeployError for
 * a named image whose Deployment is not there.
 */
export function targetsOf(
  catalog: Catalog,
  lock: LockFile,
  names: readonly string[],
  deployments: ReadonlySet<string>,
  namespace: string,
): Targets {
  const wanted = names.length > 0 ? deployable(catalog, names) : [...catalog.images.values()].filter(hasDeployment);
  const notes: string[] = [];
  const targets: Target[] = [];
  for (const image of wanted) {
    const why = obstacle(image, catalog, lock, deployments);
    if (why === undefined) targets.push(target(image, lock));
    else if (why.kind === 'skew' || (names.length > 0 && why.kind === 'not-in-set')) throw new UsageError(why.text);
    else if (names.length > 0)
      throw new DeployError(`${why.text} Look at another namespace (--namespace; this is ${namespace}).`);
    else notes.push(why.text);
  }
  return { targets, notes };
}

/** Groups and aliases are names too. */
export function deployable(catalog: Catalog, names: readonly string[]): readonly CatalogImage[] {
  const all = [...catalog.images.values()];
  const found = new Set<CatalogImage>();
  for (const name of names) {
    const known = catalog.groups.get(name) ?? (name === 'all' ? all.map((each) => each.name) : [name]);
    for (const each of known) {
      const image = catalog.images.get(each);
      if (image === undefined) {
        throw new UsageError(
          `${quoted(name)} is no image. There are: ${[...catalog.images.keys(), ...catalog.groups.keys(), 'all'].join(', ')}.`,
        );
      }
      const runs = hasDeployment(image)
        ? [image]
        : all.filter((other) => hasDeployment(other) && Object.values(other.bind).includes(each));
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

function obstacle(
  image: CatalogImage,
  catalog: Catalog,
  lock: LockFile,
  deployments: ReadonlySet<string>,
): Obstacle | undefined {
  const parts = [image.name, ...Object.values(image.bind)];
  const missing = parts.filter((name) => imageOf(lock, name) === undefined);
  const { deployment = '' } = image.deploy ?? {};
  if (missing.length > 0 && missing.length < parts.length && deployments.has(deployment)) {
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
  if (!deployments.has(deployment)) {
    return { kind: 'not-in-cluster', text: `${image.name} is left out: there is no Deployment ${deployment} here.` };
  }
  return undefined;
}

function others(catalog: Catalog, lock: LockFile, image: CatalogImage): string {
  const names = [...catalog.images.values()].filter(
    (each) => each !== image && hasDeployment(each) && imageOf(lock, each.name) !== undefined,
  );
  return names.length === 0 ? 'there are none' : names.map(({ name }) => name).join(', ');
}

function target(image: CatalogImage, lock: LockFile): Target {
  const value = (name: string): string => {
    const locked = imageOf(lock, name);
    if (locked === undefined) throw new UsageError(`The set of commit ${lock.commit} has no ${name}.`);
    return pinned(locked);
  };
  const env = Object.entries(image.bind).map(([variable, name]) => [variable, value(name)] as const);
  return {
    deployment: image.deploy?.deployment ?? '',
    container: image.deploy?.container ?? '',
    image: value(image.name),
    env: Object.fromEntries(env),
  };
}

function hasDeployment(image: CatalogImage): boolean {
  return image.deploy !== undefined;
}
