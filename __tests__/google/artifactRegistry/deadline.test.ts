import { describe, expect, test } from 'vitest';
import { answerOf, deadlineIn } from '../../../src/google/artifactRegistry/deadline';

/** Keeps this process from doing anything else. */
function work(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

const refusal = (code: number): Error => Object.assign(new Error(`refused with ${String(code)}`), { code });

describe('an answer', () => {
  test('that came while this process was busy is not a late one', async () => {
    const deadline = deadlineIn(500, undefined);
    const answer = await answerOf(
      deadline,
      () =>
        new Promise((resolve) => {
          setImmediate(() => {
            work(600);
            // Read one turn later, as what arrives on a socket is: after the timers.
            setImmediate(() => resolve('here'));
          });
        }),
    );
    expect(answer).toEqual({ kind: 'value', value: 'here' });
  });

  test('that never comes is late', async () => {
    expect(await answerOf(deadlineIn(30, undefined), () => new Promise(() => undefined))).toEqual({ kind: 'late' });
    expect(await answerOf(deadlineIn(0, undefined), () => Promise.resolve(1))).toEqual({ kind: 'late' });
  });

  test('that says "not now" is asked for again; one that stays is not', async () => {
    let calls = 0;
    const healing = await answerOf(deadlineIn(120_000, undefined), () => {
      calls += 1;
      return calls < 3 ? Promise.reject(refusal(14)) : Promise.resolve(calls);
    });
    expect(healing).toEqual({ kind: 'value', value: 3 });
    const staying = await answerOf(deadlineIn(120_000, undefined), () => {
      calls += 1;
      return Promise.reject(refusal(7));
    });
    expect(staying).toMatchObject({ kind: 'refused', error: { code: 7 } });
    expect(calls).toBe(4);
  });

  test('nobody waits for after an interrupt', async () => {
    const stop = new AbortController();
    const waiting = answerOf(deadlineIn(60_000, stop.signal), () => new Promise(() => undefined));
    stop.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
  });
});
