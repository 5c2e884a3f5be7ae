import type { Registry } from '../../types';
import { relationOf, type IsAncestor } from '../ancestry';
import { readSet, storeWithdrawal, type StoredSet } from '../setArtifact';
import { commitTag, isRecent, ownTag } from '../tags';
import { mapConcurrently } from '../../system/mapConcurrently';

/**
 * A run's announcement that its set is to become `latest`: a tag `candidate-TIME-COMMIT` on the set, put before the first `latest` is touched
 * and left there; prune takes it away when it is over.
 *
 * Registries have no compare-and-swap: between "it is at an ancestor" and "move it" another run may move it, and a tag that was
 * overwritten leaves no trace of who stood there. Each run's own tag does. So whoever moved a tag looks at the announcements afterwards and
 * finds everyone who could have been overtaken; who announces later reads the tags later. See promote.ts.
 */
export interface Candidate {
  readonly tag: string;
  /** Milliseconds since the epoch, later than that of every candidate its run had seen. */
  readonly announcedAt: number;
  /** Its run was asked to move `latest` from wherever it is. */
  readonly override: boolean;
  readonly commit: string;
  readonly set: StoredSet;
  /** False: its run gave up and took back what it had moved. */
  readonly active: boolean;
}

/**
 * The announcements of the last hours among the set's `tags`, by time, then tag: the same order for everyone. `now`: milliseconds since the epoch.
 * `own`: the tag of ours, which is read while the list is still asked for. Throws RegistryError, or PublishError when the registry contradicts itself.
 */
export async function readAnnouncements(
  registry: Registry,
  repository: string,
  tags: Promise<readonly string[]>,
  now: number,
  own: string | undefined,
): Promise<readonly Candidate[]> {
  const ours = own === undefined ? undefined : readSet(registry, repository, own);
  // Where it is not listed, what came of it does not matter.
  ours?.catch(() => undefined);
  const recent = (await tags).flatMap((tag) => {
    const read = ownTag(tag);
    return read?.kind === 'candidate' && isRecent(read, now) ? [{ tag, ...read }] : [];
  });
  const found = await mapConcurrently(recent, async (named): Promise<readonly Candidate[]> => {
    // Ours is read too: a run of the same commit, announced in the same millisecond, has the same tag, and both have to see the same set there.
    const stored = await (named.tag === own ? ours : readSet(registry, repository, named.tag));
    // Removed since it was listed: by hand, or with the set of an old commit.
    if (stored === undefined) return [];
    if (stored !== 'other') return stored.lock.commit === named.commit ? [{ ...named, set: stored, active: true }] : [];
    // Withdrawn: what it may have moved is recorded in the set of its commit.
    const set = await readSet(registry, repository, commitTag(named.commit));
    return set === undefined || set === 'other' ? [] : [{ ...named, set, active: false }];
  });
  return found.flat().sort((a, b) => a.announcedAt - b.announcedAt || (a.tag < b.tag ? -1 : 1));
}

/** Ends an announcement. The tag stays (not every registry deletes tags), but names a note instead of a set. */
export async function withdraw(registry: Registry, repository: string, tag: string): Promise<void> {
  await storeWithdrawal(registry, repository, tag);
}

/**
 * Whom `latest` belongs to among candidates in the order of their announcements: the newest commit; where two have no common line, the one
 * that came first, unless the later one was asked to move it from wherever it is. Everyone who sees the same candidates finds the same one.
 */
export async function foremost(
  candidates: readonly Candidate[],
  isAncestor: IsAncestor,
): Promise<Candidate | undefined> {
  let best: Candidate | undefined;
  for (const next of candidates) {
    if (best === undefined) {
      best = next;
      continue;
    }
    const relation = await relationOf(isAncestor, best.commit, next.commit);
    const isAhead = relation === 'older' || relation === 'same';
    if (isAhead || (relation !== 'newer' && next.override)) best = next;
  }
  return best;
}
