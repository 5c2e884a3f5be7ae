import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['__tests__/**/*.test.ts'],
    // Minutes of seeded faults: `make faults`, with a configuration of their own.
    exclude: ['**/node_modules/**', '__tests__/faults/**'],
    // Integration tests share one engine; two cores gain nothing from more workers.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
