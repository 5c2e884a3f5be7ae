import { setTimeout as sleep } from 'node:timers/promises';
import { field } from '../../system/json';
import { statusError } from './apiError';

import { answerOf, type Answer, type Deadline } from './deadline';
import type { ApiCall, OperationApi } from './operationApi';

const firstPauseMs = 200;
const longestPauseMs = 5000;

/**
 * Makes a call that starts a long-running operation, and waits until that is done, as long as there is time. What keeps an answer from coming
 * for a moment is outlasted; an operation that failed is not started again. https://google.aip.dev/151
 */
export async function carryOut(
  client: OperationApi,
  call: Omit<ApiCall, 'timeoutMs'>,
  deadline: Deadline,
): Promise<Answer<void>> {
  let latest = await answerOf(deadline, (timeoutMs) => client.call({ ...call, timeoutMs }));
  for (let pause = firstPauseMs; ; pause = Math.min(2 * pause, longestPauseMs)) {
    if (latest.kind !== 'value') return latest;
    const operation = latest.value;
    if (field(operation, 'done') === true) return resultOf(operation);
    const name = field(operation, 'name');
    if (typeof name !== 'string' || !/^projects\/[^?#\s]{1,500}$/.test(name)) {
      return {
        kind: 'refused',
        error: statusError({ message: 'It answered with something that is not an operation' }, undefined),
      };
    }
    if (performance.now() + pause >= deadline.endsAt) return { kind: 'late' };
    await sleep(pause, undefined, deadline.signal && { signal: deadline.signal }).catch(() => undefined);
    deadline.signal?.throwIfAborted();
    latest = await answerOf(deadline, (timeoutMs) => client.call({ method: 'GET', path: name, timeoutMs }));
  }
}

function resultOf(operation: unknown): Answer<void> {
  const error = field(operation, 'error');
  if (error === undefined) return { kind: 'value', value: undefined };
  const code = field(error, 'code');
  return { kind: 'refused', error: statusError(error, typeof code === 'number' ? code : undefined) };
}
