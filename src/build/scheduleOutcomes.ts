import { message } from '../errors';
import type { BuildOutcome, Timing } from '../types';
import { bindersOf, type ScheduleState } from './scheduleState';

/** How the work on an image ended; undefined: it goes on. `own`: what its build and binding came to. */
export function outcomeIn(state: ScheduleState, name: string, own: BuildOutcome | undefined): BuildOutcome | undefined {
  const now = state.running.has(name) ? undefined : state.states.get(name);
  if (now === 'done' || now === 'failed') return own;
  if (now === 'cancelled') return { kind: 'cancelled', name };
  if (now !== 'blocked') return undefined;
  const stopped = [...state.states].filter(([, each]) => each === 'failed' || each === 'cancelled');
  return {
    kind: 'blocked',
    name,
    by: stopped.flatMap(([each]) => (bindersOf(state.tasks, each).has(name) ? [each] : [])),
  };
}

/** What was thrown, as the outcome of an image. */
export function failedOutcome(name: string, thrown: unknown, queuedAt: number, timing?: Timing): BuildOutcome {
  const never = { startedAt: undefined, builtAt: undefined, pushedAt: undefined, boundAt: undefined };
  return {
    kind: 'failed',
    name,
    message: message(thrown),
    at: undefined,
    tail: [],
    timing: timing ?? { queuedAt, ...never, steps: 0, cachedSteps: 0 },
  };
}
