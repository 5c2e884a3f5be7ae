import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ApiServer } from './apiServer';
import { eachTest } from './eachTest';
import { environmentOf, setOf, type World } from './world';
import { runKubectl } from './kubectl';
import { startWebhook } from './webhook';

/* Clusters that are not as manifests leave them, on KFP 2.5.0: what others wrote, what controllers and policies do. */

const first = setOf('first');
const second = setOf('second');
const referenceOf = (lock: typeof first, name: string): string =>
  `${lock.images[name]?.repository ?? ''}@${lock.images[name]?.digest ?? ''}`;

let server: ApiServer;
let world: World;
eachTest('2.5.0', 'bent', (own) => {
  ({ server, world } = own);
});

const deploy = async (lock: typeof first, flags = {}, operands: readonly string[] = [], options = {}) =>
  world.run('deploy', { lock: await world.lock(lock), ...flags }, operands, options);

const path = (name: string): string => `/apis/apps/v1/namespaces/${world.namespace}/deployments/${name}`;

async function patch(name: string, body: object, contentType = 'application/merge-patch+json'): Promise<void> {
  const answer = await server.api(path(name), { method: 'PATCH', contentType, body });
  expect(answer.status, JSON.stringify(answer.json)).toBe(200);
}

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: object;
}

async function containerOf(name: string): Promise<{ readonly image: string; readonly env: readonly Variable[] }> {
  const json: unknown = (await server.api(path(name))).json;
  return (json as { spec: { template: { spec: { containers: [{ image: string; env: Variable[] }] } } } }).spec.template
    .spec.containers[0];
}

/** Makes the first container's variables again, exactly these. */
async function setEnv(name: string, env: readonly object[]): Promise<void> {
  const op = { op: 'add', path: '/spec/template/spec/containers/0/env', value: env };
  await patch(name, [op], 'application/json-patch+json');
}

test('pods of an earlier revision that were evicted do not fail a healthy rollout', async () => {
  expect(await deploy(first, {}, ['apiserver'])).toMatchObject({ exitCode: 0 });
  await evict(referenceOf(first, 'apiserver'));
  const { exitCode, stderr } = await deploy(second, {}, ['apiserver']);
  expect(exitCode, stderr).toBe(0);
  expect(await world.deployment('ml-pipeline')).toMatchObject({ image: referenceOf(second, 'apiserver') });
  const status = await world.run('status', { json: true });
  const { rows } = JSON.parse(status.stdout) as { rows: { deployment: string; drift: string[] }[] };
  expect(rows.filter(({ deployment }) => deployment === 'ml-pipeline').flatMap(({ drift }) => drift)).toEqual([]);
});

/** A pod that the kubelet has evicted stays, as failed. */
async function evict(image: string): Promise<void> {
  const folder = `/api/v1/namespaces/${world.namespace}/pods`;
  const json: unknown = (await server.api(folder)).json;
  const { items } = json as { items: { metadata: { name: string }; spec: { containers: [{ image: string }] } }[] };
  const pod = items.find(({ spec }) => spec.containers[0].image === image);
  const body = { status: { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.' } };
  const contentType = 'application/merge-patch+json';
  const answer = await server.api(`${folder}/${pod?.metadata.name ?? ''}/status`, {
    method: 'PATCH',
    contentType,
    body,
  });
  expect(answer.status).toBe(200);
}

describe('variables', () => {
  test('one that occurs twice is left once, and the process gets the set’s', async () => {
    const { env } = await containerOf('ml-pipeline');
    await setEnv('ml-pipeline', [...env, { name: 'V2_DRIVER_IMAGE', value: 'example.com/driver:old' }]);
    const { exitCode, stderr } = await deploy(first, {}, ['apiserver']);
    expect(exitCode, stderr).toBe(0);
    const after = (await containerOf('ml-pipeline')).env.filter(({ name }) => name === 'V2_DRIVER_IMAGE');
    expect(after).toEqual([{ name: 'V2_DRIVER_IMAGE', value: referenceOf(first, 'driver') }]);
    const { stdout } = await world.run('status');
    expect(stdout).not.toContain('drift');
    expect(await world.run('rollback')).toMatchObject({ exitCode: 0 });
    expect(await world.deployment('ml-pipeline')).toMatchObject({ V2_DRIVER_IMAGE: 'example.com/driver:old' });
  });

  test('keep their order, so that what refers to another one still finds it', async () => {
    const { env } = await containerOf('ml-pipeline');
    const others = env.filter(({ name }) => !name.startsWith('V2_'));
    const launcher = env.filter(({ name }) => name === 'V2_LAUNCHER_IMAGE');
    const driver = env.filter(({ name }) => name === 'V2_DRIVER_IMAGE');
    const before = [
      ...launcher,
      { name: 'USES_LAUNCHER', value: '$(V2_LAUNCHER_IMAGE)' },
      ...others,
      ...driver,
      { name: 'USES_DRIVER', value: '$(V2_DRIVER_IMAGE)' },
    ];
    await setEnv('ml-pipeline', before);
    expect(await deploy(first, {}, ['apiserver'])).toMatchObject({ exitCode: 0 });
    expect((await containerOf('ml-pipeline')).env.map(({ name }) => name)).toEqual(before.map(({ name }) => name));
    expect(await world.run('rollback')).toMatchObject({ exitCode: 0 });
    expect((await containerOf('ml-pipeline')).env).toEqual(before);
  });

  test('a doubled one among them takes the place of the first', async () => {
    const env = [
      { name: 'A', value: 'a' },
      { name: 'V2_DRIVER_IMAGE', value: 'one' },
      { name: 'B', value: '$(V2_DRIVER_IMAGE)' },
      { name: 'V2_DRIVER_IMAGE', value: 'two' },
      { name: 'C', value: 'c' },
    ];
    await setEnv('ml-pipeline', env);
    expect(await deploy(first, {}, ['apiserver'])).toMatchObject({ exitCode: 0 });
    const names = (await containerOf('ml-pipeline')).env.map(({ name }) => name);
    expect(names).toEqual(['A', 'V2_DRIVER_IMAGE', 'B', 'C', 'V2_LAUNCHER_IMAGE']);
  });

  test('status says where one comes from that has no text of its own', async () => {
    const valueFrom = { configMapKeyRef: { name: 'pipeline-images', key: 'driver' } };
    await setEnv('ml-pipeline', [{ name: 'V2_DRIVER_IMAGE', valueFrom }]);
    const { stdout } = await world.run('status');
    expect(stdout).toContain('(V2_DRIVER_IMAGE from configMap pipeline-images, key driver)');
    expect(stdout).toContain("(V2_LAUNCHER_IMAGE is not set: the apiserver's own default)");
  });
});

test('a context that is changed meanwhile leads nothing elsewhere', async () => {
  const kubeconfig = join(server.folder, 'changing.json');
  const config = JSON.parse(await readFile(server.kubeconfig, 'utf8')) as Record<string, unknown>;
  await writeFile(kubeconfig, JSON.stringify(config));
  const before = await world.state();
  world.node.fateOf = (image) => (image.includes('/apiserver@') ? { kind: 'stuck' } : { kind: 'runs' });
  const running = deploy(first, {}, ['apiserver'], { env: { KUBECONFIG: kubeconfig } });
  while ((await world.annotations('ml-pipeline'))['kfp-images.dev/commit'] === undefined)
    await new Promise((resolve) => setTimeout(resolve, 20));
  // `reader` may change nothing.
  await writeFile(kubeconfig, JSON.stringify({ ...config, 'current-context': 'reader' }));
  world.node.fateOf = (image) =>
    image.includes('/apiserver@') ? { kind: 'no-pull', words: 'manifest unknown: no such image' } : { kind: 'runs' };
  const { exitCode, stderr } = await running;
  expect(exitCode).toBe(1);
  expect(stderr).toContain('ml-pipeline: put back');
  expect(await world.state()).toEqual(before);
});

describe('admission', () => {
  test('a webhook that rewrites the registry of pods, digests kept, fails nothing', async () => {
    await using webhook = await startWebhook(server, world.namespace, (pod) => ({
      patch: pod.spec.containers.map(({ image }, index) => ({
        op: 'replace',
        path: `/spec/containers/${index}/image`,
        value: image.replace('127.0.0.1:9/project/', 'mirror.example.com/cache/'),
      })),
    }));
    const { exitCode, stderr } = await deploy(first, {}, ['apiserver']);
    expect(exitCode, `${webhook.name} ${stderr}`).toBe(0);
    expect(stderr).toContain('runs mirror.example.com/cache/images/apiserver@');
    const { stdout } = await world.run('status');
    expect(stdout).not.toContain('drift: ml-pipeline');
  });

  test('a webhook that refuses pods is named at once, and everything goes back', async () => {
    const before = await world.state();
    await using webhook = await startWebhook(server, world.namespace, (pod) =>
      pod.spec.containers[0]?.image.includes('/apiserver@') === true ? { refused: 'no signature' } : { patch: [] },
    );
    const { exitCode, stderr } = await deploy(first, { timeout: '10m' }, ['apiserver']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`admission webhook "${webhook.name}" denied the request: no signature`);
    expect(stderr).toContain('ml-pipeline: put back');
    expect(await world.state()).toEqual(before);
  });

  test('a quota that is used up is named at once, and everything goes back', async () => {
    const before = await world.state();
    const json: unknown = (await server.api(`/api/v1/namespaces/${world.namespace}/pods`)).json;
    const used = `${(json as { items: unknown[] }).items.length}`;
    const folder = `/api/v1/namespaces/${world.namespace}/resourcequotas`;
    const spec = { hard: { pods: used } };
    expect((await server.api(folder, { method: 'POST', body: { metadata: { name: 'few' }, spec } })).status).toBe(201);
    // Its controller would count.
    const status = { hard: { pods: used }, used: { pods: used } };
    const contentType = 'application/merge-patch+json';
    await server.api(`${folder}/few/status`, { method: 'PATCH', contentType, body: { status } });
    const { exitCode, stderr } = await deploy(first, { timeout: '10m' }, ['apiserver']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('exceeded quota: few');
    expect(await world.state()).toEqual(before);
  });
});

test('a paused Deployment is refused before anything is changed', async () => {
  await patch('cache-server', { spec: { paused: true } });
  const before = await world.state();
  const { exitCode, stderr } = await deploy(first);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('kubectl rollout resume deployment/cache-server');
  expect(await world.state()).toEqual(before);
});

test('a selector without matchLabels names its pods too', async () => {
  const json: unknown = (await server.api(path('cache-server'))).json;
  const { spec } = json as { spec: { template: object } };
  await server.api(path('cache-server'), { method: 'DELETE' });
  const selector = { matchExpressions: [{ key: 'app', operator: 'In', values: ['cache-server'] }] };
  const body = { metadata: { name: 'cache-server' }, spec: { ...spec, selector } };
  const made = await server.api(`/apis/apps/v1/namespaces/${world.namespace}/deployments`, { method: 'POST', body });
  expect(made.status).toBe(201);
  const { exitCode, stderr } = await deploy(first, {}, ['cacheserver']);
  expect(exitCode, stderr).toBe(0);
});

/*
 * Owners apply again. What stays then is one commit's: theirs.
 */
describe('who applies the Deployment', () => {
  const reference = {
    name: 'V2_DRIVER_IMAGE',
    valueFrom: { configMapKeyRef: { name: 'pipeline-images', key: 'driver' } },
  };
  /** Image by tag, the driver by reference, no launcher. */
  const manifest = (): string =>
    JSON.stringify({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'ml-pipeline', namespace: world.namespace },
      spec: {
        selector: { matchLabels: { app: 'ml-pipeline' } },
        template: {
          metadata: { labels: { app: 'ml-pipeline' } },
          spec: {
            containers: [{ name: 'ml-pipeline-api-server', image: 'example.com/apiserver:1', env: [reference] }],
          },
        },
      },
    });
  const apply = (args: readonly string[]) =>
    runKubectl(environmentOf(server), ['apply', ...args, '--filename=-'], manifest());

  test.each([
    ['on the server, as Helm 4 and Flux do', ['--server-side', '--field-manager=helm']],
    ['with what kubectl remembers, as Argo CD does', []],
  ])('%s: finds it usable after a deploy, and takes all of it back', async (_, args) => {
    await server.api(path('ml-pipeline'), { method: 'DELETE' });
    expect(await apply(args)).toMatchObject({ exitCode: 0 });
    const mine = await containerOf('ml-pipeline');
    const deployed = await deploy(first, {}, ['apiserver']);
    expect(deployed, deployed.stderr).toMatchObject({ exitCode: 0 });
    expect(deployed.stderr).toMatch(/kept by who (runs kubectl apply|applies it as helm)/);
    expect(await world.deployment('ml-pipeline')).toMatchObject({ V2_LAUNCHER_IMAGE: referenceOf(first, 'launcher') });

    const again = await apply(args);
    expect(again, again.stderr).toMatchObject({ exitCode: 0 });
    expect(await containerOf('ml-pipeline')).toEqual(mine);

    // And behind a rollback it is as if nothing had been.
    expect(await deploy(first, {}, ['apiserver'])).toMatchObject({ exitCode: 0 });
    expect(await world.run('rollback')).toMatchObject({ exitCode: 0 });
    expect(await containerOf('ml-pipeline')).toEqual(mine);
    expect(await apply(args)).toMatchObject({ exitCode: 0 });
    expect(await containerOf('ml-pipeline')).toEqual(mine);
  });
});
