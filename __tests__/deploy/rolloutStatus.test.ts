import { describe, expect, test } from 'vitest';
import { kinds, readObject } from '../../src/deploy/objects';
import { rolloutStatus } from '../../src/deploy/rolloutStatus';

const image = `h/p/cacheserver@sha256:${'a'.repeat(64)}`;

const deployment = (status: object, spec: object = {}) =>
  readObject(
    kinds.deployment,
    JSON.stringify({
      metadata: { name: 'cache-server', generation: 2 },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'c' } },
        template: { spec: { containers: [{ name: 'server', image }] } },
        ...spec,
      },
      status: { observedGeneration: 2, ...status },
    }),
    'a Deployment',
  );

const pod = (status: object, of = image) =>
  readObject(
    kinds.pods,
    JSON.stringify({
      items: [
        {
          metadata: { name: 'c-1', labels: { app: 'c' } },
          spec: { containers: [{ name: 'server', image: of }] },
          status,
        },
      ],
    }),
    'pods',
  ).items;

const waiting = (reason: string, message = '', more: object = {}) =>
  pod({ containerStatuses: [{ name: 'server', state: { waiting: { reason, message } }, ...more }] });

const whole = { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
const half = { replicas: 2, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };

describe('a rollout', () => {
  test.each([
    ['is done when every replica is new and available', deployment(whole), pod({}), 'done'],
    ['is not seen yet', deployment({ ...whole, observedGeneration: 1 }), pod({}), 'waiting'],
    ['still has old pods', deployment(half), pod({}), 'waiting'],
    ['of no replica is done at once', deployment({}, { replicas: 0 }), [], 'done'],
    [
      'waits while a network may come back',
      deployment(half),
      waiting('ErrImagePull', 'dial tcp: i/o timeout'),
      'waiting',
    ],
    ['fails at a registry that says no', deployment(half), waiting('ErrImagePull', 'manifest unknown'), 'failed'],
    ['fails without a right to pull', deployment(half), waiting('ImagePullBackOff', '403 Forbidden'), 'failed'],
    ['fails at a name that can be none', deployment(half), waiting('InvalidImageName'), 'failed'],
    ['waits after one crash', deployment(half), waiting('CrashLoopBackOff', '', { restartCount: 1 }), 'waiting'],
    ['fails after three', deployment(half), waiting('CrashLoopBackOff', '', { restartCount: 3 }), 'failed'],
    [
      'waits for a config that is missing',
      deployment(half),
      waiting('CreateContainerConfigError', 'secret not found'),
      'waiting',
    ],
    [
      'fails when the controller gave up',
      deployment({
        ...half,
        conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }],
      }),
      pod({}),
      'failed',
    ],
    [
      'does not mind trouble of the pods before',
      deployment(half),
      pod({ containerStatuses: [{ name: 'server', state: { waiting: { reason: 'InvalidImageName' } } }] }, 'old:1'),
      'waiting',
    ],
  ])('%s', (_, live, pods, kind) => {
    expect(rolloutStatus(live, pods).kind).toBe(kind);
  });
});

test('an answer that is something else is explained', () => {
  expect(() => readObject(kinds.pods, '<html>', 'pods')).toThrow(/is not JSON/);
  expect(() => readObject(kinds.pods, '{"items":[{}]}', 'pods')).toThrow(/can't be read/);
});
