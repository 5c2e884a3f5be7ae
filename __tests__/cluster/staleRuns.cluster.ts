import { beforeEach, describe, expect, test } from 'vitest';
import type { ApiServer } from './apiServer';
import { eachTest } from './eachTest';
import { addFailedRun, addRecurringRun, addRunPod, installKinds, renewRecurringRun } from './storedObjects';
import { setOf, type World } from './world';

/* What would still run with other images, on KFP 2.14.4 with stand-ins for what it stores. */

const first = setOf('first');
const imagesOf = (lock: typeof first) => {
  const reference = (name: string): string =>
    `${lock.images[name]?.repository ?? ''}@${lock.images[name]?.digest ?? ''}`;
  return { driver: reference('driver'), launcher: reference('launcher') };
};
const old = { driver: 'ghcr.io/kubeflow/kfp-driver:2.14.4', launcher: 'ghcr.io/kubeflow/kfp-launcher:2.14.4' };

let server: ApiServer;
let world: World;
eachTest('2.14.4', 'stale', (own) => {
  ({ server, world } = own);
});
beforeEach(() => installKinds(server));

const deploy = async (flags = {}) => world.run('deploy', { lock: await world.lock(first), ...flags }, ['apiserver']);

/** The apiserver's part: once the Deployment names the set, it renews these, one after the other. */
async function renew(names: readonly string[], images: typeof old): Promise<void> {
  while ((await world.deployment('ml-pipeline'))['V2_DRIVER_IMAGE'] !== images.driver)
    await new Promise((resolve) => setTimeout(resolve, 50));
  for (const name of names) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await renewRecurringRun(server, world.namespace, name, images);
  }
}

interface Stale {
  readonly stale: {
    readonly recurring: readonly { readonly namespace: string; readonly name: string; readonly enabled: boolean }[];
    readonly failed: readonly { readonly namespace: string; readonly id: string }[];
    readonly blocking: readonly { readonly id: string; readonly pipelineVersion: string }[];
    readonly reason: string;
    readonly patch?: { readonly images: readonly string[] };
    readonly notes: readonly string[];
  };
}
const staleOf = ({ stdout }: { readonly stdout: string }): Stale['stale'] => (JSON.parse(stdout) as Stale).stale;

/** Changes the apiserver's container by a strategic merge patch. */
async function patchApiserver(container: object): Promise<void> {
  const answer = await server.api(`/apis/apps/v1/namespaces/${world.namespace}/deployments/ml-pipeline`, {
    method: 'PATCH',
    contentType: 'application/strategic-merge-patch+json',
    body: { spec: { template: { spec: { containers: [{ name: 'ml-pipeline-api-server', ...container }] } } } },
  });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.json));
}

async function addConfigMap(name: string, data: Readonly<Record<string, string>>): Promise<void> {
  const path = `/api/v1/namespaces/${world.namespace}/configmaps`;
  const answer = await server.api(path, { method: 'POST', body: { metadata: { name }, data } });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.json));
}

test('a deploy waits until the apiserver has renewed the recurring runs', async () => {
  for (const name of ['one', 'two']) await addRecurringRun(server, world.namespace, name, { images: old });
  await addRecurringRun(server, world.namespace, 'unpinned', {});
  const [{ exitCode, stderr, stdout }] = await Promise.all([
    deploy({ json: true }),
    renew(['one', 'two'], imagesOf(first)),
  ]);
  expect(exitCode, stderr).toBe(0);
  expect(staleOf({ stdout }).recurring).toEqual([]);
  expect(stderr).not.toContain('Recurring runs that start with other images');

  const [back] = await Promise.all([world.run('rollback', { json: true }), renew(['one', 'two'], old)]);
  expect(back, back.stderr).toMatchObject({ exitCode: 0 });
  expect(staleOf(back).recurring).toEqual([]);
});

test('one whose pipeline version is gone stops it: a deploy says which were not renewed, why, and what to run', async () => {
  await addRecurringRun(server, world.namespace, 'a-renewed', { version: 'version-1', images: old });
  const gone = await addRecurringRun(server, world.namespace, 'b-gone', {
    version: 'version-2',
    images: old,
    enabled: false,
  });
  await addRecurringRun(server, world.namespace, 'c-behind', { version: 'version-3', images: old });
  const line =
    'Could not reconcile the ScheduledWorkflow Kubernetes resources: Failed to reconcile ScheduledWorkflow Kubernetes resources: ' +
    'Failed to fetch a template due to error retrieving pipeline version: ResourceNotFoundError: PipelineVersion version-2 not found';
  world.node.fateOf = (image) =>
    image.includes('/apiserver@')
      ? { kind: 'runs', lines: ['time="…" level=info msg=start', `level=error msg="${line}"`] }
      : { kind: 'runs' };
  const [{ exitCode, stderr }] = await Promise.all([deploy(), renew(['a-renewed'], imagesOf(first))]);
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toContain('PipelineVersion version-2 not found');
  expect(stderr).toContain(`kfp recurring delete ${gone}`);
  expect(stderr).toContain(
    `kubectl --context test --namespace ${world.namespace} rollout restart deployment/ml-pipeline`,
  );

  const stale = staleOf(await world.run('status', { json: true }));
  expect(stale.recurring.map(({ name, enabled }) => [name, enabled])).toEqual([
    ['c-behind', true],
    ['b-gone', false],
  ]);
  expect(stale.blocking).toMatchObject([{ id: gone, pipelineVersion: 'version-2' }]);
});

describe('status', () => {
  test('lists failed runs, and a patch that goes before the variables', async () => {
    await addFailedRun(server, world.namespace, 'run-old', 'run-1', old);
    const specPatch = { templates: [{ name: 'system-container-driver', container: { image: 'example.com/mine:1' } }] };
    await patchApiserver({ env: [{ name: 'COMPILED_PIPELINE_SPEC_PATCH', value: JSON.stringify(specPatch) }] });
    expect(await deploy()).toMatchObject({ exitCode: 0 });
    const { stdout, stderr } = await world.run('status', { json: true });
    const stale = staleOf({ stdout });
    expect(stale.failed).toMatchObject([{ id: 'run-1' }]);
    expect(stale.patch).toMatchObject({ images: ['example.com/mine:1'] });
    expect(stderr).toContain('COMPILED_PIPELINE_SPEC_PATCH of ml-pipeline goes before V2_DRIVER_IMAGE');
  });

  test('finds a patch that the apiserver has from a ConfigMap, and says so of one from a Secret', async () => {
    const patch = JSON.stringify({ podSpecPatch: 'containers: [{name: main, image: example.com/mine:1}]' });
    await addConfigMap('patches', { COMPILED_PIPELINE_SPEC_PATCH: patch, other: patch });
    const found = async (container: object): Promise<string> => {
      await patchApiserver(container);
      return (await world.run('status')).stderr;
    };
    const goesBefore = 'COMPILED_PIPELINE_SPEC_PATCH of ml-pipeline goes before V2_DRIVER_IMAGE';
    expect(await found({ envFrom: [{ configMapRef: { name: 'patches' } }] })).toContain(goesBefore);
    const [name, valueFrom] = ['COMPILED_PIPELINE_SPEC_PATCH', { configMapKeyRef: { name: 'patches', key: 'other' } }];
    expect(await found({ env: [{ name, valueFrom }] })).toContain(goesBefore);
    const secret = await found({
      env: [{ name, valueFrom: { $patch: 'replace', secretKeyRef: { name: 's', key: 'k' } } }],
    });
    expect(secret).not.toContain(goesBefore);
    expect(secret).toContain('it comes from the Secret s, which is not read');
  });

  test('of one namespace leaves alone what another installation has; where the apiserver is for all, it does not', async () => {
    const profile = `${world.namespace}-profile`;
    await server.api('/api/v1/namespaces', { method: 'POST', body: { metadata: { name: profile } } });
    await addRecurringRun(server, profile, 'theirs', { images: old });
    await addFailedRun(server, profile, 'run-theirs', 'run-2', old);
    expect(await deploy()).toMatchObject({ exitCode: 0 });
    expect(staleOf(await world.run('status', { json: true }))).toMatchObject({ recurring: [], failed: [], notes: [] });

    // As KFP's multi-user manifests say it.
    await addConfigMap('pipeline-api-server-config', { MULTIUSER: 'true' });
    await patchApiserver({ envFrom: [{ configMapRef: { name: 'pipeline-api-server-config' } }] });
    const of = ({ namespace }: { readonly namespace: string }): boolean => namespace === profile;
    const { recurring, failed } = staleOf(await world.run('status', { json: true }));
    expect(recurring.filter(of)).toMatchObject([{ name: 'theirs' }]);
    expect(failed.filter(of)).toMatchObject([{ id: 'run-2' }]);
  });

  test('of a user who may not look is not a failure: it says so', async () => {
    const { exitCode, stderr } = await world.run('status', { context: 'reader' });
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain('the user of this context may not list scheduledworkflows.kubeflow.org');
    expect(stderr).toContain('the user of this context may not list workflows.argoproj.io');
  });
});

test('a namespace with more than one answer may hold is deployed to, and looked at as a whole', async () => {
  // Together some 40 MB each.
  const names = Array.from({ length: 200 }, (_, index) => `many-${String(index).padStart(3, '0')}`);
  for (const name of names) {
    await addRecurringRun(server, world.namespace, name, { version: 'version-9', images: old, size: 200_000 });
    await addRunPod(server, world.namespace, `pod-of-${name}`, 200_000);
  }
  const line = 'Could not reconcile the ScheduledWorkflow Kubernetes resources: PipelineVersion version-9 not found';
  world.node.fateOf = () => ({ kind: 'runs', lines: [line] });
  const { exitCode, stdout, stderr } = await deploy({ json: true });
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toContain('  and 180 more: `kfp-images status --json` has all');
  const { recurring, blocking } = staleOf({ stdout });
  expect(recurring.map(({ name }) => name)).toEqual(names);
  expect(blocking).toHaveLength(200);
});
