/** `unknown`: the history that would tell is not at hand. */
export type Known = 'yes' | 'no' | 'unknown';

/** Is commit `a` in the history of commit `b`? Both are commit ids. A commit is its own ancestor. */
export type IsAncestor = (a: string, b: string) => Promise<Known>;

/** Where a commit is in history, seen from ours: `older` is in our history, `newer` has us in its history. */
export type Relation = 'same' | 'older' | 'newer' | 'diverged' | 'unknown';

/**
 * Asks one source after the other until one knows (git first, then GitHub). Answers are kept, since history does not change, but for
 * `unknown`. A source that throws does not know: whoever asks must be able to decide without it.
 */
export function firstToKnow(sources: readonly IsAncestor[]): IsAncestor {
  const known = new Map<string, Known>();
  return async (a, b) => {
    if (a === b) return 'yes';
    const question = `${a} ${b}`;
    const before = known.get(question);
    if (before !== undefined) return before;
    for (const source of sources) {
      const answer = await source(a, b).catch(() => 'unknown' as const);
      if (answer === 'unknown') continue;
      known.set(question, answer);
      return answer;
    }
    return 'unknown';
  };
}

/**
 * What GitHub's comparison `BASE...HEAD` says on "is BASE in the history of HEAD": the field `status` of
 * https://docs.github.com/en/rest/commits/commits#compare-two-commits
 */
export function ancestryFromComparison(status: unknown): Known {
  if (status === 'ahead' || status === 'identical') return 'yes';
  return status === 'behind' || status === 'diverged' ? 'no' : 'unknown';
}

/** Where `standing` is in history, seen from `ours`. undefined: nobody knows at which commit it is. */
export async function relationOf(
  isAncestor: IsAncestor,
  standing: string | undefined,
  ours: string,
): Promise<Relation> {
  if (standing === undefined) return 'unknown';
  if (standing === ours) return 'same';
  const isOlder = await isAncestor(standing, ours);
  if (isOlder === 'yes') return 'older';
  const isNewer = await isAncestor(ours, standing);
  if (isNewer === 'yes') return 'newer';
  return isOlder === 'no' && isNewer === 'no' ? 'diverged' : 'unknown';
}
