import { defineConfig } from 'vitest/config';

/** Tests against every registry at hand: `script/registries run -- npx vitest run --config vitest.registries.config.mts`. */
export default defineConfig({
  test: {
    include: ['__tests__/registries/**/*.registries.ts'],
    maxWorkers: 1,
    testTimeout: 4 * 3_600_000,
    hookTimeout: 120_000,
  },
});
