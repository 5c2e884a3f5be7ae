import { PublishError } from '../errors';
import { goAhead } from './promotion/ahead';
import { goBack } from './promotion/back';
import { Board } from './promotion/board';
import type { Course, PromotionPorts } from './promotion/course';
import { statesOf, type PointerState } from './promotion/outcome';
import { Refused, Stopped } from './promotion/stop';
import type { Relation } from './ancestry';
import type { StoredSet } from './setArtifact';

export type { PromotionPorts } from './promotion/course';
export type { PointerState } from './promotion/outcome';

/** How moving `latest` ended. */
export interface Promotion {
  /**
   * `moved`: the set's `latest` names our set, and did not before; `unchanged`: everything was right already; `left`: a newer set is
   * published, so the set's `latest` stays there (images that the newer set has not may have moved); `refused`: it stands aside of our
   * commit, nothing was moved; `failed`, `stopped`: what was moved was taken back, as far as `states` says.
   */
  readonly kind: 'moved' | 'unchanged' | 'left' | 'refused' | 'failed' | 'stopped';
  /** Every `latest` of our set; the set's own last. */
  readonly states: readonly PointerState[];
  /** `left`: the newer commit; `refused`: where it stands; `moved` by order: where it stood. */
  readonly commit: string | undefined;
  /** `refused`, or `moved` by order: how that commit relates to ours. */
  readonly relation: Relation | undefined;
  /** What could not be put right, for people. */
  readonly notes: readonly string[];
  /** Why it was refused or failed. */
  readonly error: unknown;
}

/**
 * Moves `latest` of every image of a set, then of the set, only forwards and all or nothing.
 *
 * 1. Look: where does each `latest` stand? A newer commit's is left as it is; if one stands aside, nothing is moved (`override` does).
 *    Each image is judged on its own: of two runs that built different images each advances its own, in whatever order they come.
 * 2. Announce: an own tag on the set that no other run overwrites (see promotion/candidates.ts).
 * 3. Look again, at the announcements first; put the images that are not yet right; look again; put the set; look again, until a look finds
 *    everything right. Each look decides anew, for the foremost of all candidates: a run that was overtaken helps the newer one instead of
 *    working against it.
 * 4. When that fails or is stopped on the way: withdraw the announcement, then every `latest` that names what we wanted goes to the next
 *    candidate, or back to where it was (is deleted if there was none and the registry deletes tags).
 *
 * Why the end is the newest commit whatever the order: take the last write to a tag. Its run looked afterwards and found it right, so no
 * newer candidate was announced by then; one that was announced later reads the tag later, and would have written it. Withdrawals are
 * followed by a look of their run in the same way. This rests on a registry that answers reads with the last write it confirmed, and on
 * writes that are not carried out after their sender gave them up. A run that is killed between a put and its next look leaves what it put;
 * its announcement then lets any other run finish it.
 *
 * Never throws for what the registry does: the outcome says what happened and what the registry holds.
 */
export async function promote(
  set: StoredSet,
  setRepository: string,
  override: boolean,
  ports: PromotionPorts,
): Promise<Promotion> {
  const board = new Board(set, setRepository, ports.isAncestor, ports.now);
  const course: Course = { set, override, board, ports, announced: undefined, written: new Set(), overrode: undefined };
  try {
    const look = await goAhead(course);
    const states = statesOf(course, look, true);
    const own = states.at(-1)?.kind;
    const leftAt = own === 'left' ? (look.standing?.lock.commit ?? look.leader?.commit) : undefined;
    const hasMoved = states.some(({ kind }) => kind === 'moved');
    return {
      kind: own === 'left' ? 'left' : hasMoved ? 'moved' : 'unchanged',
      states,
      commit: leftAt ?? course.overrode?.commit,
      relation: course.overrode?.relation,
      notes: [],
      error: undefined,
    };
  } catch (error) {
    const { look, notes } = await goBack(course);
    const ended = { states: statesOf(course, look, false), notes, commit: undefined, relation: undefined };
    // The client's calls end with the signal, too.
    if (error instanceof Stopped || (ports.signal.aborted && !(error instanceof Refused)))
      return { ...ended, kind: 'stopped', error: undefined };
    if (!(error instanceof Refused)) return { ...ended, kind: 'failed', error };
    const { relation, commit } = error.at;
    return { ...ended, kind: 'refused', relation, commit, error: refusal(set, error) };
  }
}

function refusal(set: StoredSet, { repository, at }: Refused): PublishError {
  const where = at.commit === undefined ? 'something whose commit is not known' : `commit ${at.commit}`;
  const why =
    at.relation === 'unknown'
      ? `and it is not known whether that is an ancestor of ${set.lock.commit} (a shallow clone? fetch-depth: 0 for actions/checkout)`
      : `which is no ancestor of ${set.lock.commit}`;
  return new PublishError(
    `latest was not moved: ${repository}:latest stands at ${where}, ${why}. ` +
      'The set is published under its commit. To move latest all the same, run with latest: always.',
  );
}
