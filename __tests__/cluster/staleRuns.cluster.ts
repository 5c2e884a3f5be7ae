import { beforeEach, describe, expect, test } from 'vitest';
import type { ApiServer } from './apiServer';
import { eachTest } from './eachTest';
import { addFailedRun, addRecurringRun, installKinds, renewRecurringRun } from './storedObjects';
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
const own = <Each extends { readonly namespace: string }>(all: readonly Each[]): readonly Each[] =>
  all.filter(({ namespace }) => namespace === world.namespace);

test('a deploy waits until the apiserver has renewed the recurring runs', async () => {
  for (const name of ['one', 'two']) await addRecurringRun(server, world.namespace, name, { images: old });
  await addRecurringRun(server, world.namespace, 'unpinned', {});
  const [{ exitCode, stderr, stdout }] = await Promise.all([
    deploy({ json: true }),
    renew(['one', 'two'], imagesOf(first)),
  ]);
  expect(exitCode, stderr).toBe(0);
  expect(own((JSON.parse(stdout) as Stale).stale.recurring)).toEqual([]);
  expect(stderr).not.toContain('Recurring runs that start with other images');

  const [back] = await Promise.all([world.run('rollback', { json: true }), renew(['one', 'two'], old)]);
  expect(back, back.stderr).toMatchObject({ exitCode: 0 });
  expect(own((JSON.parse(back.stdout) as Stale).stale.recurring)).toEqual([]);
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

  const status = await world.run('status', { json: true });
  const { stale } = JSON.parse(status.stdout) as Stale;
  expect(own(stale.recurring).map(({ name, enabled }) => [name, enabled])).toEqual([
    ['c-behind', true],
    ['b-gone', false],
  ]);
  expect(stale.blocking).toMatchObject([{ id: gone, pipelineVersion: 'version-2' }]);
});

describe('status', () => {
  test('lists failed runs, and a patch that goes before the variables', async () => {
    await addFailedRun(server, world.namespace, 'run-old', 'run-1', old);
    const specPatch = { templates: [{ name: 'system-container-driver', container: { image: 'example.com/mine:1' } }] };
    await server.api(`/apis/apps/v1/namespaces/${world.namespace}/deployments/ml-pipeline`, {
      method: 'PATCH',
      contentType: 'application/strategic-merge-patch+json',
      body: {
        spec: {
          template: {
            spec: {
              containers: [
                {
                  name: 'ml-pipeline-api-server',
                  env: [{ name: 'COMPILED_PIPELINE_SPEC_PATCH', value: JSON.stringify(specPatch) }],
                },
              ],
            },
          },
        },
      },
    });
    expect(await deploy()).toMatchObject({ exitCode: 0 });
    const { stdout, stderr } = await world.run('status', { json: true });
    const { stale } = JSON.parse(stdout) as Stale;
    expect(own(stale.failed)).toMatchObject([{ id: 'run-1' }]);
    expect(stale.patch).toMatchObject({ images: ['example.com/mine:1'] });
    expect(stderr).toContain('COMPILED_PIPELINE_SPEC_PATCH of ml-pipeline goes before V2_DRIVER_IMAGE');
  });

  test('of a user who may not look is not a failure: it says so', async () => {
    const { exitCode, stderr } = await world.run('status', { context: 'reader' });
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain('the user of this context may not list scheduledworkflows.kubeflow.org');
    expect(stderr).toContain('the user of this context may not list workflows.argoproj.io');
  });
});
