import { defineConfig } from 'vitest/config';

/** Tests with a real API server of Kubeflow Pipelines: `make test-kfp KFP_APISERVER=FILE`. */
export default defineConfig({
  test: {
    include: ['__tests__/kfp/**/*.kfp.ts'],
    maxWorkers: 1,
    testTimeout: 900_000,
    hookTimeout: 600_000,
  },
});
