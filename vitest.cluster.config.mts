import { defineConfig } from 'vitest/config';

/** Tests against a real Kubernetes API server: `make test-cluster`. */
export default defineConfig({
  test: {
    include: ['__tests__/cluster/**/*.cluster.ts'],
    // Each file starts its own API server, which takes about 300 MB. One alone leaves cores idle while it waits for pods.
    maxWorkers: 2,
    // Far above what any test takes: only what hangs reaches it.
    testTimeout: 900_000,
    // Hooks may compile kustomize and helm.
    hookTimeout: 1_800_000,
  },
});
