import type { Event, Inputs } from '../types';
import type { RunRequest } from './context';
import type { Source } from './source';

/** Is `latest` this run's to move, and if not, why not. */
export type LatestOrder =
  { readonly move: true; readonly override: boolean } | { readonly move: false; readonly reason: string };

/** The same for a run. */
export function orderOf({ inputs, event }: RunRequest, source: Pick<Source, 'branch'>): LatestOrder {
  const branch = event.branch ?? source.branch;
  return latestOrder(inputs.latest, { branch, defaultBranch: event.defaultBranch }, inputs.context);
}

/**
 * Decides by branch and input alone whether this run moves `latest`; whether that would be forwards is decided where it is moved.
 * On a terminal no event tells the default branch; there `latest` moves only when told to.
 */
export function latestOrder(
  latest: Inputs['latest'],
  event: Pick<Event, 'branch' | 'defaultBranch'>,
  context: Inputs['context'],
): LatestOrder {
  if (latest === 'never') return { move: false, reason: 'the input latest is never' };
  if (context === 'workspace')
    return { move: false, reason: 'the files as they lie there are no commit that others could have' };
  if (latest === 'always') return { move: true, override: true };
  const { branch, defaultBranch } = event;
  if (defaultBranch === undefined) {
    return { move: false, reason: 'it is not known which branch is the default one (latest: always moves it)' };
  }
  if (branch === undefined) return { move: false, reason: `this is no branch; ${defaultBranch} moves it` };
  return branch === defaultBranch
    ? { move: true, override: false }
    : { move: false, reason: `this is branch ${branch}; ${defaultBranch} moves it` };
}
