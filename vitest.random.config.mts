import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['__tests__/random/**/*.test.ts'],
    reporters: ['verbose'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
