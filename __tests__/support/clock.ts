import { afterEach, beforeEach, vi } from 'vitest';

/**
 * For the top of a test file: `Date` of this process stands still and goes on only as a test says, so that nothing ends because the machine was
 * busy. Timers, `performance.now()` and other processes go on as ever.
 */
export function clockOfATest(): { advance(seconds: number): void } {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  return { advance: (seconds) => void vi.setSystemTime(Date.now() + seconds * 1000) };
}
