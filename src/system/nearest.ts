import { lowerAscii } from './ascii';

/**
 * The candidate that a mistyped word most likely means, as the candidate is spelled; undefined when none is near.
 * Nearness is the Damerau-Levenshtein distance (optimal string alignment: insert, delete, replace, swap neighbours), without regard to
 * ASCII case. How many slips are forgiven grows with the length, so that `[ci]` is never taken for an image called `ui`.
 * Of equally near candidates the first wins. A word of any length costs no more than the longest candidate.
 */
export function findNearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: { readonly candidate: string; readonly distance: number } | undefined;
  for (const candidate of candidates) {
    const allowed = forgiven(Math.max(word.length, candidate.length));
    if (Math.abs(word.length - candidate.length) > allowed) continue;
    const distance = distanceBetween(lowerAscii(word), lowerAscii(candidate), allowed);
    if (distance <= allowed && (best === undefined || distance < best.distance)) best = { candidate, distance };
  }
  return best?.candidate;
}

/** `; did you mean "driver"?`, or nothing: the end of a message about an unknown word. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const nearest = findNearest(word, candidates);
  return nearest === undefined ? '' : `; did you mean "${nearest}"?`;
}

function forgiven(length: number): number {
  if (length <= 3) return 0;
  if (length <= 5) return 1;
  return length <= 9 ? 2 : 3;
}

/** The distance where it is at most `limit`; more than that otherwise, for which only a band along the diagonal is looked at. */
function distanceBetween(a: string, b: string, limit: number): number {
  let beforeLast: readonly number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current: number[] = [row];
    let nearest = row;
    for (let column = Math.max(1, row - limit); column <= Math.min(b.length, row + limit); column++) {
      const replaced = at(last, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1);
      let least = Math.min(replaced, at(last, column) + 1, at(current, column - 1) + 1);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        least = Math.min(least, at(beforeLast, column - 2) + 1);
      }
      current[column] = least;
      nearest = Math.min(nearest, least);
    }
    // A later row is never nearer than its two predecessors together allow.
    if (nearest > limit + 1) return Number.POSITIVE_INFINITY;
    beforeLast = last;
    last = current;
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
