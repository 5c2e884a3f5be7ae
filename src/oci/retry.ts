import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import { RegistryError } from '../errors';
import type { Log } from '../types';
import { Transient } from './failure';
import type { Limits } from './limits';

/** Where a call is repeated, and who is notified. */
export interface Patience {
  readonly limits: Limits;
  readonly log: Log;
  readonly signal: AbortSignal | undefined;
}

/**
 * Repeats `work` (given the number of the attempt, from 1) while it throws Transient: exponential backoff with jitter,
 * never sooner than the registry asked, bounded in number and time; one line of the log for each repetition.
 * Throws the last failure as RegistryError, what else `work` throws, or the signal's reason.
 */
export async function withRetries<T>(patience: Patience, work: (attempt: number) => Promise<T>): Promise<T> {
  const { limits, log, signal } = patience;
  const startedAt = performance.now();
  let attempts = 0;
  try {
    return await pRetry(
      (attempt) => {
        attempts = attempt;
        return work(attempt);
      },
      {
        retries: limits.attempts - 1,
        minTimeout: limits.firstDelayMs,
        maxTimeout: limits.longestDelayMs,
        factor: 2,
        randomize: true,
        maxRetryTime: limits.callMs,
        ...(signal === undefined ? {} : { signal }),
        onFailedAttempt: async ({ error, attemptNumber, retriesLeft, retryDelay }) => {
          if (!(error instanceof Transient) || retriesLeft === 0 || attemptNumber >= error.attempts) return;
          const asked = Math.min(error.retryAfterMs ?? 0, limits.longestRetryAfterMs);
          const wait = Math.max(retryDelay, asked);
          if (performance.now() - startedAt + wait > limits.callMs) throw error;
          const bound = Math.min(limits.attempts, error.attempts);
          log.info(
            `${error.message} Trying again in ${(wait / 1000).toFixed(1)} s (${attemptNumber + 1} of ${bound}).`,
          );
          await sleep(wait - retryDelay, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
        },
        shouldRetry: ({ error, attemptNumber }) => error instanceof Transient && attemptNumber < error.attempts,
      },
    );
  } catch (error) {
    if (!(error instanceof Transient)) throw error;
    throw afterAttempts(error.failure, attempts);
  }
}

function afterAttempts(failure: RegistryError, attempts: number): RegistryError {
  if (attempts < 2) return failure;
  const { status, codes, host, repository } = failure;
  const details = { codes, cause: failure.cause, ...(status === undefined ? {} : { status }) };
  return new RegistryError(`${failure.message} Given up after ${attempts} attempts.`, { ...details, host, repository });
}
