import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['__tests__/faults/**/*.test.ts'],
    // One after the other: each keeps the machine busy.
    fileParallelism: false,
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
  },
});
