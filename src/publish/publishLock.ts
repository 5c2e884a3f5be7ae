import { PublishError } from '../errors';
import type { LockFile, Manifest, Registry } from '../types';
import { isSameSet, mergeSets, type Binds } from './releaseSet';
import { readSet, readSetElsewhere, storeSet, type StoredSet } from './setArtifact';
import { isImmutable } from '../oci/refusals';
import { keep } from './putTag';
import { commitTag, setRepository } from './tags';

/** A set that was stored and read back. */
export interface PublishedSet {
  readonly stored: StoredSet;
  readonly state: 'published' | 'unchanged';
  /** Images that had to leave the set, see mergeSets. */
  readonly dropped: readonly string[];
  /** The registry path of the set that stood there, where that is another than ours: it got a tag of its own. */
  readonly replaced: string | undefined;
}

/** How often the set is put when it is not what is read back: another run of the same commit may be extending it. */
const attempts = 5;

/**
 * Stores this run's set at its commit's tag, together with what earlier runs of the same commit published there, and reads it back.
 * Two runs of one commit at once: what was put later counts where both have an image, the rest is joined. `isExpected`: a set of the commit was there
 * before.
 * Throws PublishError when the tag is immutable and another set is there, or it does not come to rest; RegistryError.
 */
export async function publishLock(
  registry: Registry,
  mine: LockFile,
  binds: Binds,
  created: string,
  isExpected = true,
): Promise<PublishedSet> {
  const repository = setRepository(mine.registryPath);
  const tag = commitTag(mine.commit);
  const dropped = new Set<string>();
  let before: string | undefined;
  let replaced: string | undefined;
  let put: Manifest | undefined;
  for (let attempt = 0; attempt <= attempts; attempt++) {
    const found = await readSet(registry, repository, tag, isExpected || attempt > 0);
    const stored = typeof found === 'object' && found.lock.commit === mine.commit ? found : undefined;
    // What stood there when we put ours was not put later: the registry lost ours.
    const isLater = attempt > 0 && stored !== undefined && stored.digest !== before;
    // What ours named may have tags of its own by now: a set has to name it, so that prune finds it.
    if (isLater && put !== undefined && put.digest !== stored.digest) await keep(registry, repository, put);
    const merged = isLater ? mergeSets(stored.lock, mine, binds) : mergeSets(mine, stored?.lock, binds);
    for (const name of merged.dropped) dropped.add(name);
    if (stored !== undefined && isSameSet(merged.lock, stored.lock)) {
      return { stored, state: attempt === 0 ? 'unchanged' : 'published', dropped: [...dropped], replaced };
    }
    if (attempt === attempts) break;
    before = stored?.digest;
    if (stored !== undefined) await keep(registry, repository, stored);
    else if (found === 'other') {
      const elsewhere = await readSetElsewhere(registry, repository, tag);
      if (elsewhere !== undefined) await keep(registry, repository, elsewhere.manifest);
      replaced ??= elsewhere?.registryPath;
    }
    put = await store(registry, repository, tag, merged.lock, created, { isTaken: found !== undefined, attempt });
  }
  throw new PublishError(
    `${repository}:${tag} was put ${attempts} times, but the registry shows another set. Another run of commit ${mine.commit} may be ` +
      'publishing at the same time, or the registry has a fault. Run again.',
  );
}

async function store(
  registry: Registry,
  repository: string,
  tag: string,
  lock: LockFile,
  created: string,
  { isTaken, attempt }: { readonly isTaken: boolean; readonly attempt: number },
): Promise<Manifest> {
  try {
    return await storeSet(registry, repository, tag, lock, created, !isTaken && attempt === 0);
  } catch (refusal) {
    if (!isImmutable(refusal)) throw refusal;
    const taken = isTaken ? 'holds a set with other images' : 'is taken';
    throw new PublishError(
      `${repository}:${tag} is immutable and ${taken}. Publish from another commit, or turn off tag immutability for the repository.`,
      { cause: refusal },
    );
  }
}
