import { defineConfig } from 'vitest/config';

// Whole runs are asked for: `npm run faults -- --whole 16`, `--seed w7`. A run killed in its first second can still leave a temporary index.
const whole = process.env['KFP_IMAGES_FAULT_WHOLE_RUNS'] ?? process.env['KFP_IMAGES_FAULT_SEED'] ?? '';

export default defineConfig({
  test: {
    include: ['__tests__/faults/**/*.test.ts'],
    exclude: /^w?\d+$/.test(whole) ? [] : ['__tests__/faults/wholeRuns.integration.test.ts'],
    // One after the other: each keeps the machine busy.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
