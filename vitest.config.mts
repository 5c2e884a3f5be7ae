import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['__tests__/**/*.test.ts'],
    // These have configurations of their own; the fault suite's figures stand at the end: `npm test` runs it after these.
    exclude: ['**/node_modules/**', '__tests__/faults/**', '__tests__/random/**'],
    // Integration tests share one engine; two cores gain nothing from more workers.
    maxWorkers: 2,
    setupFiles: ['__tests__/support/propertySeed.ts'],
    // Far above what any test takes on a quiet machine: only what hangs reaches it.
    testTimeout: 900_000,
    hookTimeout: 900_000,
  },
});
