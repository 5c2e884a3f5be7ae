import { expect, test } from 'vitest';
import type { Rollout } from '../../src/deploy/rollout';
import { rolloutLine } from '../../src/deploy/format';

const image = 'europe-west3-docker.pkg.dev/p/r/cacheserver@sha256:0123';

/** As the kubelet says it, with the words of its container engine. */
function backingOff(details: readonly string[]): Rollout {
  const reason = `ImagePullBackOff: Back-off pulling image "${image}"`;
  const trouble = { pod: 'cache-server-1', container: 'server', kind: 'image' as const, reason, isFinal: false };
  return {
    deployment: 'cache-server',
    status: { kind: 'waiting', ready: 0, wanted: 1, why: reason, trouble },
    details,
  };
}

test.each([
  {
    name: 'containerd, not there',
    event: `Failed to pull image "${image}": rpc error: code = NotFound desc = failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${image}: not found`,
    words: 'not found',
  },
  {
    name: 'containerd, no login',
    event: `Failed to pull image "${image}": failed to pull and unpack image "${image}": failed to resolve reference "${image}": unexpected status from HEAD request to https://europe-west3-docker.pkg.dev/v2/p/r/cacheserver/manifests/sha256:0123: 403 Forbidden`,
    words:
      'unexpected status from HEAD request to https://europe-west3-docker.pkg.dev/v2/p/r/cacheserver/manifests/sha256:0123: 403 Forbidden',
  },
  {
    name: 'Docker, not there',
    event: `Failed to pull image "${image}": Error response from daemon: manifest for ${image} not found: manifest unknown`,
    words: 'not found: manifest unknown',
  },
])('the line of an image that can’t be pulled holds the words of the registry: $name', ({ event, words }) => {
  expect(rolloutLine(backingOff([event]))).toBe(`cache-server: 0/1 ready, ImagePullBackOff: ${words}`);
});

test.each([[[]], [['something else']], [[`Failed to pull image "${image}"`]]])(
  'without words of the registry (%j) the line says what the cluster says',
  (details) => {
    expect(rolloutLine(backingOff(details))).toBe(
      `cache-server: 0/1 ready, ImagePullBackOff: Back-off pulling image "${image}"`,
    );
  },
);
