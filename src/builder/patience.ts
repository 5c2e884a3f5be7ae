import type { Failure } from './failure';

/** How often and how long to wait before a build is tried again. */
export interface Patience {
  /** Repetitions after failures that time may heal. */
  readonly waits: number;
  /** Milliseconds before the first repetition; doubled each time. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
}

/** BuildKit and the engine repeat single requests themselves, for some seconds; this is for what outlasts that. */
export const defaultPatience: Patience = { waits: 4, firstWaitMs: 2_000, longestWaitMs: 30_000 };

/** What has been tried so far. */
export interface Attempts {
  readonly waits: number;
  readonly logins: number;
}

type NextTry =
  { readonly kind: 'give-up' } | { readonly kind: 'again'; readonly afterMs: number; readonly login: boolean };

/**
 * Decides whether a failed build is tried again. A fresh login comes before each repetition of a push, as tokens live for minutes; a
 * refused login is repeated once. A download in a Dockerfile is repeated once. `random`: 0 to 1, so that builds which fail together
 * do not come back together.
 */
export function nextTry(failure: Failure, attempts: Attempts, patience: Patience, random: number): NextTry {
  if (failure.heals === 'no') return { kind: 'give-up' };
  if (failure.heals === 'login') {
    return attempts.logins > 0 ? { kind: 'give-up' } : { kind: 'again', afterMs: 0, login: true };
  }
  if (attempts.waits >= (failure.kind === 'dockerfile' ? 1 : patience.waits)) return { kind: 'give-up' };
  const longest = Math.min(patience.longestWaitMs, patience.firstWaitMs * 2 ** attempts.waits);
  return { kind: 'again', afterMs: Math.round(longest * (0.5 + random / 2)), login: failure.kind === 'push' };
}
