import { setTimeout as sleep } from 'node:timers/promises';
import { isPassing, readApiError, type ApiError } from './apiError';

/** How a call ended. */
export type Answer<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'refused'; readonly error: ApiError }
  /** The time was up. */
  | { readonly kind: 'late' };

const firstPauseMs = 100;

/**
 * An answer that came while this process was busy (planning is) has to be read before it counts as late: timers come before what has
 * arrived. https://nodejs.org/en/learn/asynchronous-work/event-loop-timers-and-nexttick
 */
const readingMs = 25;

/** The client's own clock runs a little longer than ours, so that ours decides. */
const slackMs = 1000;

/** Until when answers are waited for. */
export interface Deadline {
  /** By `performance.now()`. */
  readonly endsAt: number;
  readonly signal: AbortSignal | undefined;
}

export function deadlineIn(milliseconds: number, signal: AbortSignal | undefined): Deadline {
  return { endsAt: performance.now() + milliseconds, signal };
}

/**
 * Calls until there is an answer, a refusal that stays, or no time left: the client repeats nothing itself. `call` is given after how
 * many milliseconds nobody waits for it any more. Throws only the signal's reason.
 */
export async function answerOf<T>(deadline: Deadline, call: (milliseconds: number) => Promise<T>): Promise<Answer<T>> {
  for (let pause = firstPauseMs; ; pause *= 2) {
    const left = Math.floor(deadline.endsAt - performance.now());
    if (left <= 0) return { kind: 'late' };
    const answer = await once(deadline, left, call);
    if (answer.kind !== 'refused' || !isPassing(answer.error)) return answer;
    if (performance.now() + pause >= deadline.endsAt) return answer;
    await sleep(pause, undefined, deadline.signal === undefined ? {} : { signal: deadline.signal }).catch(
      () => undefined,
    );
    deadline.signal?.throwIfAborted();
  }
}

async function once<T>(deadline: Deadline, left: number, call: (left: number) => Promise<T>): Promise<Answer<T>> {
  const { signal } = deadline;
  signal?.throwIfAborted();
  const end = new AbortController();
  const stop = (): void => end.abort();
  signal?.addEventListener('abort', stop, { once: true });
  const late = sleep(left, undefined, { signal: end.signal })
    .then(() => sleep(readingMs, undefined, { signal: end.signal }))
    .then(
      () => 'late' as const,
      () => 'late' as const,
    );
  try {
    const ended = await Promise.race([settled(call(left + slackMs)), late]);
    signal?.throwIfAborted();
    return ended === 'late' ? { kind: 'late' } : ended;
  } finally {
    stop();
    signal?.removeEventListener('abort', stop);
  }
}

/** Never rejects, so that a call that nobody waits for any more harms nobody. */
async function settled<T>(call: Promise<T>): Promise<Answer<T>> {
  try {
    return { kind: 'value', value: await call };
  } catch (thrown) {
    return { kind: 'refused', error: readApiError(thrown) };
  }
}
