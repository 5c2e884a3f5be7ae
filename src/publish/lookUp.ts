import { PublishError, RegistryError } from '../errors';
import { cacheBlobs } from '../oci/cacheBlobs';
import type { Registry } from '../types';
import { imageOf } from './releaseSet';
import { openSet, type StoredSet } from './setArtifact';
import { commitTag, keyTag, latestTag, setRepository } from './tags';
import { mapConcurrently } from '../system/mapConcurrently';

/** An image of the plan, as it is looked for. */
export interface SoughtImage {
  readonly name: string;
  readonly repository: string;
  /** Content key, 64 hex digits. */
  readonly key: string;
}

/** What the registry holds before anything is built. */
export interface RegistryState {
  /** Image → digest at the tag of its key, `key-…` or that of a rebuild: built before, not bound. */
  readonly keyed: ReadonlyMap<string, string>;
  /** Image → digest at this commit's tag; empty where the commit has no set. */
  readonly published: ReadonlyMap<string, string>;
  /** The set of this commit. `other`: its tag names something that is not a set. */
  readonly set: StoredSet | 'other' | undefined;
  /** The set that `kfp-images-set:latest` names. */
  readonly latestSet: StoredSet | 'other' | undefined;
}

/**
 * One parallel round of look-ups for everything a run has to know: which keys the registry has, whether this commit has a set and, if so, what its
 * images are tagged as, which set `latest` names. `tagOf`: what is looked for by its key. Throws RegistryError (unreachable, no login, no right), so
 * that nothing is built for a registry that takes nothing.
 */
export async function lookUp(
  registry: Registry,
  registryPath: string,
  images: readonly SoughtImage[],
  commit: string,
  tagOf: (key: string) => string = keyTag,
): Promise<RegistryState> {
  const sets = setRepository(registryPath);
  const digests = (tagOf: (image: SoughtImage) => string): Promise<ReadonlyMap<string, string>> =>
    digestsAt(registry, images, tagOf);
  // Mostly both tags name the same set.
  const [once = registry] = cacheBlobs([registry]);
  // Whether there really is none where none was found is asked again when something depends on it.
  const latest = async (): Promise<RegistryState['latestSet']> => {
    const found = await registry.manifest(sets, latestTag);
    return found && openSet(once, sets, found);
  };
  const ofCommit = async (): Promise<Pick<RegistryState, 'set' | 'published'>> => {
    const found = await registry.manifest(sets, commitTag(commit));
    // What the commit's tags name says something only beside its set.
    if (found === undefined) return { set: undefined, published: new Map() };
    const [set, published] = await Promise.all([openSet(once, sets, found), digests(() => commitTag(commit))]);
    return { set, published };
  };
  const [own, latestSet, keyed] = await Promise.all([ofCommit(), latest(), digests(({ key }) => tagOf(key))]);
  return { keyed, ...own, latestSet };
}

/** Image → what its tag names. */
async function digestsAt(
  registry: Registry,
  images: readonly SoughtImage[],
  tagOf: (image: SoughtImage) => string,
): Promise<ReadonlyMap<string, string>> {
  const found = await mapConcurrently(images, async (image) => {
    const manifest = await registry.manifest(image.repository, tagOf(image));
    return manifest === undefined ? [] : [[image.name, manifest.digest] as const];
  });
  return new Map(found.flat());
}

/**
 * The images whose `latest` exists. Asked only where tags are immutable: nothing else depends on it before the publication. Throws RegistryError.
 */
export async function withLatest(registry: Registry, images: readonly SoughtImage[]): Promise<ReadonlySet<string>> {
  return new Set((await digestsAt(registry, images, () => latestTag)).keys());
}

/**
 * Image → its key in the set that is published for this very commit, as long as the commit's tag is at it: whatever moved since (a base
 * image, say), a run that is repeated changes nothing of it. Pure.
 */
export function publishedKeys(
  { set, published }: RegistryState,
  images: readonly SoughtImage[],
): ReadonlyMap<string, string> {
  if (typeof set !== 'object') return new Map();
  return new Map(
    images.flatMap(({ name, repository }) => {
      const own = imageOf(set.lock, name);
      const stands = own !== undefined && own.repository === repository && own.digest === published.get(name);
      return stands ? [[name, own.key] as const] : [];
    }),
  );
}

/**
 * The digest that is taken for an image that is not built: what the commit's own set has of this content, else what its key names. The set
 * goes first, because a key names the build that came last where two commits of the same content were built at once; and it counts only as
 * long as the commit's tag names it too. Pure; undefined: there is neither.
 */
export function reusable({ set, published, keyed }: RegistryState, image: SoughtImage): string | undefined {
  const own = typeof set === 'object' ? imageOf(set.lock, image.name) : undefined;
  const isThere =
    own?.key === image.key && own.repository === image.repository && own.digest === published.get(image.name);
  return isThere ? own.digest : keyed.get(image.name);
}

/** What the image's last real build took, by the set of this commit, else by the newest one. */
export function lastSeconds(state: RegistryState | undefined, image: string): number | undefined {
  return [state?.set, state?.latestSet]
    .map((set) => (typeof set === 'object' ? imageOf(set.lock, image)?.seconds : undefined))
    .find((seconds) => seconds !== undefined);
}

/** May we write there? Throws RegistryError with the registry's words, before anything was built. */
export async function checkWritable(registry: Registry, registryPath: string): Promise<void> {
  await registry.checkPush(setRepository(registryPath));
}

/**
 * Which repositories of these images, and of the set, are missing in a registry that makes none when something is pushed: as the paths below the
 * registry path. Throws RegistryError for any other refusal.
 */
export async function missingRepositories(
  registry: Registry,
  registryPath: string,
  images: readonly SoughtImage[],
): Promise<readonly string[]> {
  const repositories = [...images.map(({ repository }) => repository), setRepository(registryPath)];
  const missing = await mapConcurrently(repositories, async (repository) => {
    try {
      await registry.checkPush(repository);
      return [];
    } catch (error) {
      if (!(error instanceof RegistryError) || error.status !== 404) throw error;
      return [repository.slice(registryPath.length + 1)];
    }
  });
  return missing.flat();
}

/** What a run is about to do, as far as tags are concerned. */
export interface TagIntent {
  readonly registryPath: string;
  readonly commit: string;
  readonly images: readonly SoughtImage[];
  readonly moveLatest: boolean;
  /** Does the registry refuse to move tags? undefined: it can't be asked; then the first refusal tells. */
  readonly immutable: boolean | undefined;
  /** Images whose `latest` exists, where that counts. */
  readonly withLatest: ReadonlySet<string>;
}

/**
 * Can the tags of this run be put? Pure. Gives warnings; throws PublishError when tags are immutable and one that is needed names something
 * else: then building would be for nothing. What is right already is not an obstacle.
 */
export function preflightTags(state: RegistryState, intent: TagIntent): readonly string[] {
  if (intent.immutable !== true) return [];
  const { commit, images } = intent;
  const sets = setRepository(intent.registryPath);
  const fail = (what: string, fix: string): PublishError =>
    new PublishError(`The tags of ${intent.registryPath} are immutable, and ${what}. ${fix}. Nothing was built.`);
  const stored = state.set;
  if (stored === 'other') {
    throw fail(`${sets}:${commitTag(commit)} names something that is not a release set`, 'Delete that tag');
  }
  for (const { name, repository, key } of images) {
    const known = stored === undefined ? undefined : imageOf(stored.lock, name);
    const otherCommit = 'Publish it with a new commit, or turn off tag immutability';
    if (stored !== undefined && known === undefined) {
      throw fail(`the set of commit ${commit} is published without ${name}, so it can't be added`, otherCommit);
    }
    if (known !== undefined && known.key !== key) {
      throw fail(`${name} of commit ${commit} is published with other content (key ${known.key})`, otherCommit);
    }
    const tagged = state.published.get(name);
    if (known !== undefined && tagged !== undefined && tagged !== known.digest) {
      throw fail(`${repository}:${commitTag(commit)} names another image than the set of that commit`, otherCommit);
    }
  }
  if (!intent.moveLatest) return [];
  const isThere = state.latestSet !== undefined || images.some(({ name }) => intent.withLatest.has(name));
  const isOurs = typeof state.latestSet === 'object' && state.latestSet.lock.commit === commit;
  if (isThere && !isOurs) {
    throw fail(`${latestTag} exists and can't be moved to commit ${commit}`, 'Set the input latest to never');
  }
  return isThere
    ? []
    : [
        `The tags of ${intent.registryPath} are immutable: ${latestTag} will be put once and never move. Set latest: never.`,
      ];
}
