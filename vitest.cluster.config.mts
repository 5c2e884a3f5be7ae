import { defineConfig } from 'vitest/config';

/** Tests against a real Kubernetes API server: `make test-cluster`. */
export default defineConfig({
  test: {
    include: ['__tests__/cluster/**/*.cluster.ts'],
    // Each file starts its own API server, which takes about 300 MB.
    maxWorkers: 1,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
