import { describe, expect, test } from 'vitest';
import { earlierPods, newestPods } from '../../src/deploy/revision';
import { rolloutStatus } from '../../src/deploy/rolloutStatus';
import { verifyPods } from '../../src/deploy/verify';
import { deploymentOf, podsOf, replicaSetsOf } from './objectsOf';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const [before, image] = [`h/p/api@${digest('a')}`, `h/p/api@${digest('b')}`];
const number = 'deployment.kubernetes.io/revision';

const deployment = (spec: object = {}, status: object = {}) =>
  deploymentOf({
    metadata: { name: 'ml-pipeline', uid: 'd', generation: 2, annotations: { [number]: '2' } },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'a' } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%' } },
      template: { spec: { containers: [{ name: 'main', image }] } },
      ...spec,
    },
    status: {
      observedGeneration: 2,
      replicas: 1,
      updatedReplicas: 1,
      readyReplicas: 1,
      availableReplicas: 1,
      ...status,
    },
  });

const set = (revision: string, conditions: readonly object[] = []): object => ({
  metadata: {
    name: `ml-pipeline-${revision}`,
    uid: `set-${revision}`,
    annotations: { [number]: revision },
    ownerReferences: [{ kind: 'Deployment', name: 'ml-pipeline', uid: 'd', controller: true }],
  },
  status: { conditions },
});
const sets = replicaSetsOf([set('1'), set('2')]);

const pod = (name: string, of: string, own: object = {}, status: object = { phase: 'Running' }): object => ({
  metadata: {
    name,
    labels: { app: 'a' },
    ownerReferences: [{ kind: 'ReplicaSet', name: of, uid: `set-${of}`, controller: true }],
    ...own,
  },
  spec: { containers: [{ name: 'main', image: of === '1' ? before : image }] },
  status,
});

const wanted = { main: { image, env: {} } };
const evicted = { phase: 'Failed', reason: 'Evicted' };

describe('the pods of the newest revision', () => {
  test('are those of its ReplicaSet; what ended of an earlier one, or of this one, does not count', () => {
    const pods = podsOf([
      pod('old', '1', {}, evicted),
      pod('new', '2'),
      pod('new-evicted', '2', {}, evicted),
      pod('ending', '1', { deletionTimestamp: '2026-11-27T08:00:00Z' }),
    ]);
    const workload = { pods, replicaSets: sets };
    expect(newestPods(deployment(), workload).map(({ metadata }) => metadata.name)).toEqual(['new']);
    expect(earlierPods(deployment(), workload)).toEqual([]);
    expect(verifyPods(deployment(), workload, wanted)).toEqual({ wrong: [], notes: [] });
  });

  test('without a right to read ReplicaSets the template tells them, and an evicted one still does not count', () => {
    const workload = { pods: podsOf([pod('old', '1', {}, evicted), pod('new', '2')]), replicaSets: [] };
    expect(verifyPods(deployment(), workload, wanted)).toEqual({ wrong: [], notes: [] });
  });

  test('a selector without matchLabels finds them too', () => {
    const live = deployment({ selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['a', 'b'] }] } });
    for (const replicaSets of [sets, []])
      expect(verifyPods(live, { pods: podsOf([pod('new', '2')]), replicaSets }, wanted).wrong).toEqual([]);
  });

  test.each([
    ['NotIn', ['a'], 0],
    ['NotIn', ['x'], 1],
    ['Exists', [], 1],
    ['DoesNotExist', [], 0],
    ['In', ['x'], 0],
    ['Unknown', ['a'], 0],
  ])('%s %j selects %i', (operator, values, count) => {
    const live = deployment({ selector: { matchExpressions: [{ key: 'app', operator, values }] } });
    expect(newestPods(live, { pods: podsOf([pod('new', '2')]), replicaSets: [] })).toHaveLength(count);
  });

  test('pods of another Deployment that the selector names too are not its own', () => {
    const other = pod('other', '9');
    expect(newestPods(deployment(), { pods: podsOf([other, pod('new', '2')]), replicaSets: sets })).toHaveLength(1);
  });
});

describe('what a webhook rewrites', () => {
  const rewritten = `mirror:5000/cache/api@${digest('b')}`;
  const running = (reference: string) => ({
    pods: podsOf([{ ...pod('new', '2'), spec: { containers: [{ name: 'main', image: reference }] } }]),
    replicaSets: sets,
  });

  test('is the same image when the digest is the same', () => {
    const { wrong, notes } = verifyPods(deployment(), running(rewritten), wanted);
    expect(wrong).toEqual([]);
    expect(notes.join()).toContain('something in the cluster rewrites where images come from');
  });

  test.each([`mirror:5000/cache/api@${digest('c')}`, 'h/p/api:latest', 'h/p/api'])('is not when it is %s', (other) => {
    expect(verifyPods(deployment(), running(other), wanted).wrong).toHaveLength(1);
  });
});

describe('a rollout that can make no pods', () => {
  const half = { updatedReplicas: 0 };
  const failing = (message: string) =>
    replicaSetsOf([set('1'), set('2', [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }])]);
  const quota = 'pods "x" is forbidden: exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1';

  test.each([
    ['a quota that no old pod makes room in', quota, {}, 'failed'],
    ['a quota where old pods go first', quota, { strategy: { type: 'Recreate' } }, 'waiting'],
    [
      'a quota where an old pod may go',
      quota,
      { strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } } },
      'waiting',
    ],
    ['a policy', 'admission webhook "signed.example.com" denied the request: not signed', {}, 'failed'],
    [
      'a webhook that is away',
      'Internal error occurred: failed calling webhook "x": connection refused',
      {},
      'waiting',
    ],
  ])('says the reason at once: %s', (_, message, spec, kind) => {
    const status = rolloutStatus(deployment(spec, half), [], failing(message));
    expect(status).toMatchObject({ kind, why: `FailedCreate: ${message}` });
  });

  test('does not take the failure of an earlier revision for its own', () => {
    const failed = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: quota };
    const live = deployment({}, { ...half, conditions: [failed] });
    expect(rolloutStatus(live, [], sets).kind).toBe('waiting');
    expect(rolloutStatus(live, [], []).kind).toBe('failed');
  });

  test('because it is paused says so at once', () => {
    expect(rolloutStatus(deployment({ paused: true }, half), [], sets)).toMatchObject({
      kind: 'failed',
      why: expect.stringContaining('kubectl rollout resume deployment/ml-pipeline') as string,
    });
  });
});
