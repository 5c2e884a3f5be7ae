import type { Manifest } from '../../types';
import { relationOf, type IsAncestor, type Relation } from '../ancestry';
import type { StoredSet } from '../setArtifact';
import { foremost, type Candidate } from './announcements';

/** A `latest`: of one image, or of the set (`image` is undefined). Its repository identifies it. */
export interface Pointer {
  readonly image: string | undefined;
  readonly repository: string;
}

/** The images of a set, in its order, each with its `latest`. */
export function imagePointers(set: StoredSet): readonly Pointer[] {
  return Object.entries(set.lock.images).map(([image, { repository }]) => ({ image, repository }));
}

/** What a set wants a pointer to name; undefined: it has no such image. */
export function digestAt(set: StoredSet, pointer: Pointer): string | undefined {
  if (pointer.image === undefined) return set.digest;
  return Object.values(set.lock.images).find(({ repository }) => repository === pointer.repository)?.digest;
}

/** At which commit something is, and how that relates to another commit. */
export interface Located {
  readonly relation: Relation;
  readonly commit: string | undefined;
}

/** What is to be done with one `latest`. */
export type Decision =
  | { readonly kind: 'right' }
  /** Put the candidate's image (or set) there. `overrode`: it stood where it may only be moved from when forced. */
  | { readonly kind: 'advance'; readonly to: Candidate; readonly digest: string; readonly overrode?: Located }
  /** Put back what stood there. */
  | { readonly kind: 'restore'; readonly digest: string }
  | { readonly kind: 'delete' }
  /** It is at a newer commit. */
  | { readonly kind: 'leave'; readonly commit: string | undefined }
  /** It is where it may only be moved from when forced. */
  | { readonly kind: 'refuse'; readonly relation: Relation; readonly commit: string | undefined }
  /** It should go back, but nobody knows to what. */
  | { readonly kind: 'stuck' };

/** What a decision rests on: one look at the registry. */
export interface View {
  readonly candidates: readonly Candidate[];
  readonly isAncestor: IsAncestor;
  /** Where a manifest at this pointer is, seen from a commit. */
  readonly locateCommit: (pointer: Pointer, manifest: Manifest, seenFrom: string) => Promise<Located>;
  /** The digest of an image in the set that `latest` names, unless that set is itself withdrawn. */
  readonly inStandingSet: (pointer: Pointer) => string | undefined;
  /** Is what has this digest no manifest at all, but what some registries keep of a PUT that was cut off? */
  readonly isScrap: (digest: string) => boolean;
  /** What stood there before any candidate moved it. undefined: not known; null: nothing. */
  readonly before: (pointer: Pointer) => Manifest | null | undefined;
}

/** A pointer's goal among the candidates that still want it; undefined: none does. */
async function goalOf(pointer: Pointer, view: View): Promise<{ to: Candidate; digest: string } | undefined> {
  const holders = view.candidates.filter(({ active, set }) => active && digestAt(set, pointer) !== undefined);
  const to = await foremost(holders, view.isAncestor);
  const digest = to === undefined ? undefined : digestAt(to.set, pointer);
  return to === undefined || digest === undefined ? undefined : { to, digest };
}

/** Does what a pointer names come from a candidate: one that is still in force, one that gave up (or did not get it there whole), or none (`outside`)? */
export function originOf(pointer: Pointer, digest: string, view: View): 'active' | 'withdrawn' | 'outside' {
  if (view.isScrap(digest)) return 'withdrawn';
  const owners = view.candidates.filter(({ set }) => digestAt(set, pointer) === digest);
  if (owners.some(({ active }) => active)) return 'active';
  return owners.length > 0 && view.inStandingSet(pointer) !== digest ? 'withdrawn' : 'outside';
}

/**
 * What a run that is moving `latest` does with a pointer that now names `value`. Pure but for the questions it asks of the view.
 * Only forwards: `latest` at a newer commit is left; one that has diverged is refused, unless the run was asked to move it regardless.
 */
export async function decideForward(pointer: Pointer, value: Manifest | undefined, view: View): Promise<Decision> {
  const goal = await goalOf(pointer, view);
  if (goal === undefined) return decideRollback(pointer, value, view);
  if (value?.digest === goal.digest) return { kind: 'right' };
  const advance = { kind: 'advance', ...goal } as const;
  if (value === undefined) return advance;
  const origin = originOf(pointer, value.digest, view);
  if (origin === 'active') {
    // All candidates were weighed against each other already; only whether it was forced is still to be said.
    const from = view.candidates.findLast(({ active, set }) => active && digestAt(set, pointer) === value.digest);
    const relation = await relationOf(view.isAncestor, from?.commit, goal.to.commit);
    const isForwards = relation === 'older' || relation === 'same';
    return isForwards ? advance : { ...advance, overrode: { relation, commit: from?.commit } };
  }
  const known = origin === 'withdrawn' ? view.before(pointer) : value;
  if (known === undefined || known === null || known.digest === goal.digest) return advance;
  const at = await view.locateCommit(pointer, known, goal.to.commit);
  if (at.relation === 'older' || at.relation === 'same') return advance;
  if (at.relation !== 'newer' && goal.to.override) return { ...advance, overrode: at };
  if (known !== value) return { kind: 'restore', digest: known.digest };
  return at.relation === 'newer'
    ? { kind: 'leave', commit: at.commit }
    : { kind: 'refuse', relation: at.relation, commit: at.commit };
}

/**
 * What becomes of a pointer that names what a candidate that gave up had put there: the candidate that comes next takes it, unless what stood
 * before is newer; without one it goes back to what stood before. Anything else is not ours to touch.
 */
export async function decideRollback(pointer: Pointer, value: Manifest | undefined, view: View): Promise<Decision> {
  if (value === undefined || originOf(pointer, value.digest, view) !== 'withdrawn') return { kind: 'right' };
  const [goal, before] = [await goalOf(pointer, view), view.before(pointer)];
  if (goal?.digest === value.digest) return { kind: 'right' };
  if (goal === undefined) {
    if (before === null) return { kind: 'delete' };
    // We came when it had been moved already: the set tells what was there, if it has stayed.
    const digest = before?.digest ?? view.inStandingSet(pointer);
    if (digest === undefined) return { kind: 'stuck' };
    return digest === value.digest ? { kind: 'right' } : { kind: 'restore', digest };
  }
  if (before !== undefined && before !== null) {
    const { relation } = await view.locateCommit(pointer, before, goal.to.commit);
    if (relation !== 'older' && relation !== 'same') return { kind: 'restore', digest: before.digest };
  }
  return { kind: 'advance', ...goal };
}
