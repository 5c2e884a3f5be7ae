import { PublishError } from '../../errors';
import type { LatestState } from '../../types';
import type { Relation } from '../ancestry';
import type { StoredSet } from '../setArtifact';
import { advanceLatest } from './advance';
import { digestAt, imagePointers, originOf, type Pointer } from './decision';
import { RegistryView, type Snapshot } from './registryView';
import { rollBack } from './rollback';
import { Refused, Stopped, type PromotionPorts, type PromotionState } from './writeLatest';

/** How moving `latest` ended. */
export interface Promotion {
  /**
   * `moved`: the set's `latest` names our set, and did not before; `unchanged`: everything was right already; `left`: a newer set is
   * published, so the set's `latest` stays there (images that the newer set has not may have moved); `refused`: it has diverged from our
   * commit, nothing was moved; `failed`, `stopped`: what was moved was taken back, as far as `states` says.
   */
  readonly kind: 'moved' | 'unchanged' | 'left' | 'refused' | 'failed' | 'stopped';
  /** Every `latest` of our set; the set's own last. */
  readonly states: readonly PointerState[];
  /** `left`: the newer commit; `refused`: where it is; `moved` by force: where it stood. */
  readonly commit: string | undefined;
  /** `refused`, or `moved` by force: how that commit relates to ours. */
  readonly relation: Relation | undefined;
  /** What could not be put right, for people. */
  readonly notes: readonly string[];
  /** Why it was refused or failed. */
  readonly error: unknown;
}

/**
 * Moves `latest` of every image of a set, then of the set, only forwards and all or nothing.
 *
 * 1. Look: where is each `latest`? A newer commit's is left as it is; if one has diverged, nothing is moved (`override` does).
 *    Each image is decided on its own: of two runs that built different images each advances its own, in whatever order they come.
 * 2. Announce: an own tag on the set that no other run overwrites (see announcements.ts).
 * 3. Look again, at the announcements too; put the images that are not yet right; look again; put the set; look again, until a look finds
 *    everything right. Each look decides again, for the foremost of all candidates: a run that was overtaken helps the newer one instead of
 *    working against it. Where nobody else is announced before and after the set was put, nobody has moved the images meanwhile: that look is at
 *    the announcements and the set alone.
 * 4. When that fails or is stopped on the way: withdraw the announcement, then every `latest` that names what we wanted goes to the next
 *    candidate, or back to where it was (is deleted if there was none and the registry deletes tags).
 *
 * Why the end is the newest commit whatever the order: take the last write to a tag. Its run looked afterwards, and that look (which may ask for
 * announcements and tags in any order) found it right, so no newer candidate was announced by then; one that was announced later reads the tag
 * later, and would have written it. Withdrawals are
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
  const view = new RegistryView(set, setRepository, ports.isAncestor, ports.now);
  const state: PromotionState = {
    set,
    override,
    view,
    ports,
    announced: undefined,
    written: new Set(),
    moved: new Set(),
    refused: new Set(),
    overrode: undefined,
  };
  try {
    const look = await advanceLatest(state);
    const states = statesOf(state, look, true);
    const own = states.at(-1)?.kind;
    const leftAt = own === 'left' ? (look.standing?.lock.commit ?? look.leader?.commit) : undefined;
    const hasMoved = states.some(({ kind }) => kind === 'moved');
    return {
      kind: own === 'left' ? 'left' : hasMoved ? 'moved' : 'unchanged',
      states,
      commit: leftAt ?? state.overrode?.commit,
      relation: state.overrode?.relation,
      notes: [],
      error: undefined,
    };
  } catch (error) {
    const { look, notes } = await rollBack(state);
    const ended = { states: statesOf(state, look, false), notes, commit: undefined, relation: undefined };
    // The client's calls end with the signal, too.
    if (error instanceof Stopped || (ports.signal.aborted && !(error instanceof Refused)))
      return { ...ended, kind: 'stopped', error: undefined };
    if (!(error instanceof Refused)) return { ...ended, kind: 'failed', error };
    const { relation, commit } = error.at;
    return { ...ended, kind: 'refused', relation, commit, error: refusal(set, error) };
  }
}

function refusal(set: StoredSet, { repository, at }: Refused): PublishError {
  const where =
    at.commit === undefined
      ? 'something whose commit is not known (put by hand, by another tool, or under another name of this registry)'
      : `commit ${at.commit}`;
  const shallow = at.commit === undefined ? '' : ' (a shallow clone? fetch-depth: 0 for actions/checkout)';
  const why =
    at.relation === 'unknown'
      ? `and it is not known whether that is an ancestor of ${set.lock.commit}${shallow}`
      : `which is not an ancestor of ${set.lock.commit} (a force-push or a rebase of the branch?)`;
  return new PublishError(
    `latest was not moved: ${repository}:latest is at ${where}, ${why}. ` +
      'The set is published under its commit. To move latest all the same, run with latest: always: once, by hand, after a force-push that was meant.',
  );
}

/** The state of one `latest` after a promotion. */
interface PointerState extends LatestState {
  readonly pointer: Pointer;
}

/**
 * The state of every `latest` of our set, the set's own last, as the last look found it. `isDone`: the promotion went to its end, so what this
 * run put is moved, not left over.
 */
function statesOf(state: PromotionState, look: Snapshot | undefined, isDone: boolean): readonly PointerState[] {
  const { set, written, view } = state;
  return [...imagePointers(set), view.set].map((pointer) => {
    const wasWritten = written.has(pointer.repository);
    if (look === undefined) return { pointer, kind: wasWritten ? 'unknown' : 'kept', digest: undefined };
    const digest = look.value(pointer)?.digest;
    return { pointer, kind: kindOf(state, pointer, look, wasWritten, isDone), digest };
  });
}

function kindOf(
  { set, view, refused, moved }: PromotionState,
  pointer: Pointer,
  look: Snapshot,
  wasWritten: boolean,
  isDone: boolean,
): LatestState['kind'] {
  const digest = look.value(pointer)?.digest;
  const isOurs = digest === digestAt(set, pointer);
  if (isDone) return isOurs ? (wasWritten ? 'moved' : 'unchanged') : 'left';
  const isLeftOver = isOurs && originOf(pointer, digest ?? '', look) === 'withdrawn';
  if (!wasWritten) return isLeftOver ? 'stuck' : isOurs ? 'unchanged' : 'kept';
  if (digest !== undefined && look.isScrap(digest)) return 'broken';
  const earlier = [look.before(pointer), view.firstSeen(pointer)];
  const isBack = earlier.some((manifest) => manifest !== undefined && manifest?.digest === digest);
  const wasRefused = refused.has(pointer.repository) && !moved.has(pointer.repository);
  if (isBack) return wasRefused ? 'kept' : 'restored';
  return isLeftOver ? 'stuck' : 'left';
}
