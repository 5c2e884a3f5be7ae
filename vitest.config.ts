import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['__tests__/**/*.test.ts'],
    // The fault suite has a configuration of its own, and its figures stand at the end: `npm test` runs it after these.
    exclude: ['**/node_modules/**', '__tests__/faults/**'],
    // Integration tests share one engine; two cores gain nothing from more workers.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
