import { expect, test } from 'vitest';
import { longestWriting } from '../../src/run/cacheSaving';

test('the limit of writing a seed is one that AbortSignal takes, however long building took', () => {
  expect([0, 119.9, 204.423, 187.557, 3600.0001].map(longestWriting)).toEqual([
    60_000, 60_000, 102_212, 93_779, 1_800_000,
  ]);
  for (let seconds = 0; seconds < 100; seconds += 0.0137)
    expect(() => AbortSignal.timeout(longestWriting(seconds))).not.toThrow();
});
