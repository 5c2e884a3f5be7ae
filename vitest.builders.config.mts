import { defineConfig } from 'vitest/config';

/** Tests with a real buildkitd: `script/engine run -- script/builders run -- npx vitest run --config vitest.builders.config.mts`. */
export default defineConfig({
  test: {
    include: ['__tests__/builders/**/*.builders.ts'],
    maxWorkers: 1,
    testTimeout: 300_000,
    hookTimeout: 120_000,
  },
});
