import type { LockFile, Registry, TagState } from '../types';
import type { Promotion } from './promotion/promote';
import type { PublishedSet } from './publishLock';
import type { PublicationAction } from './publishSet';
import { imageOf, isSameSet, mergeSets } from './releaseSet';
import { readSet, type StoredSet } from './setArtifact';
import { readTag } from './putTag';
import { mapConcurrently } from '../system/mapConcurrently';

/** What a run knows of its publication so far. */
export interface Progress {
  /** `REPOSITORY:TAG` of an image. */
  readonly tags: Map<string, TagState>;
  set: PublishedSet | undefined;
  /** undefined: not come that far. */
  setState: TagState | undefined;
  promotion: Promotion | undefined;
  /** The set at the commit's tag, where it is not this run's doing that it is there. */
  found?: StoredSet;
}

/** After an early end: asks the registry about every tag, and the set, that the run knows nothing of. Never throws. */
export async function reconcile(
  actions: readonly PublicationAction[],
  mine: LockFile,
  registry: Registry,
  progress: Progress,
): Promise<void> {
  await mapConcurrently(actions, async (action) => {
    if (action.kind === 'tag') {
      const { repository, tag, image } = action;
      const digest = imageOf(mine, image)?.digest;
      const name = `${repository}:${tag}`;
      if (!progress.tags.has(name)) progress.tags.set(name, await tagState(registry, repository, tag, digest));
    }
    if (action.kind === 'set' && progress.set === undefined) {
      progress.setState = await setState(registry, action, mine, progress);
    }
  });
}

async function tagState(
  registry: Registry,
  repository: string,
  tag: string,
  digest: string | undefined,
): Promise<TagState> {
  try {
    return (await readTag(registry, repository, tag))?.digest === digest ? 'published' : 'missing';
  } catch {
    return 'unknown';
  }
}

/** The set is there when it has all our images as they are. */
async function setState(
  registry: Registry,
  { repository, tag }: { readonly repository: string; readonly tag: string },
  mine: LockFile,
  progress: Progress,
): Promise<TagState> {
  try {
    const found = await readSet(registry, repository, tag);
    if (typeof found !== 'object' || !isSameSet(mergeSets(mine, found.lock, new Map()).lock, found.lock))
      return 'missing';
    progress.found = found;
    return 'published';
  } catch {
    return 'unknown';
  }
}
