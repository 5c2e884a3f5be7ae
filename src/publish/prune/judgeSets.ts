import { commitTag, latestTag } from '../tags';
import type { StoredRepository, StoredSetFacts } from './inventory';
import type { InUse } from './inUse';

/** Which sets stay. */
export interface PruneRules {
  /** So many of the newest stay. */
  readonly keepLast: number;
  /** Sets whose commit is younger than so many days stay. */
  readonly keepDays: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly inUse: InUse;
}

/** What becomes of one set, and why. */
export interface SetVerdict {
  readonly commit: string;
  readonly digest: string;
  readonly created: number | undefined;
  readonly images: StoredSetFacts['images'];
  readonly goes: boolean;
  readonly reason: string;
}

const day = 86_400_000;

/** Judges each set of the repository of sets; newest first, those without a date at the start. A set goes only when nothing speaks for it. */
export function judgeSets(sets: StoredRepository, rules: PruneRules): readonly SetVerdict[] {
  const tagsOf = new Map<string, string[]>();
  for (const [tag, digest] of sets.tags) tagsOf.set(digest, [...(tagsOf.get(digest) ?? []), tag]);
  const known = [...tagsOf].flatMap(([digest, tags]) => {
    const set = sets.manifests.get(digest)?.set;
    return set === undefined ? [] : [{ digest, tags, set }];
  });
  known.sort(
    (a, b) => (b.set.created ?? Infinity) - (a.set.created ?? Infinity) || (a.set.commit < b.set.commit ? -1 : 1),
  );
  return known.map(({ digest, tags, set }, index) => {
    const reason = reasonToKeep(tags, set, index, rules);
    const { commit, created, images } = set;
    return { commit, digest, created, images, goes: reason === undefined, reason: reason ?? 'old' };
  });
}

function reasonToKeep(
  tags: readonly string[],
  set: StoredSetFacts,
  index: number,
  { keepLast, keepDays, now, inUse }: PruneRules,
): string | undefined {
  if (tags.includes(latestTag)) return 'latest';
  const foreign = tags.find((tag) => tag !== commitTag(set.commit));
  if (foreign !== undefined) return `has the tag ${foreign}`;
  if (index < keepLast) return `among the newest ${keepLast}`;
  if (set.created === undefined) return 'of unknown age';
  if (now - set.created < keepDays * day) return `younger than ${keepDays} days`;
  const running = set.images.find(
    ({ repository, digest }) => inUse.digests.has(digest) || inUse.tags.has(`${repository}:${commitTag(set.commit)}`),
  );
  return running === undefined ? undefined : 'runs on a cluster';
}
