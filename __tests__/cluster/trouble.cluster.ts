import { existsSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Ended } from '../run/world';
import type { ApiServer } from './apiServer';
import { eachTest } from './eachTest';
import { pathWherePatchesWait } from './kills';
import { setOf, type World } from './world';

/* What goes wrong during a deploy, on KFP 2.5.0. */

const first = setOf('first');
const second = setOf('second');

let server: ApiServer;
let world: World;
eachTest('2.5.0', 'trouble', (own) => {
  ({ server, world } = own);
});

const deploy = async (lock: typeof first, flags = {}, operands: readonly string[] = [], options = {}) =>
  world.run('deploy', { lock: await world.lock(lock), ...flags }, operands, options);

test('a container that ends again and again: its last lines are shown and everything goes back', async () => {
  const before = await world.state();
  world.node.fateOf = (image) =>
    image.includes('/apiserver@')
      ? { kind: 'crashes', lines: ['F1120 cannot find table pipelines'] }
      : { kind: 'runs' };
  const { exitCode, stderr } = await deploy(first);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/CrashLoopBackOff: container ml-pipeline-api-server ended \d times, last exit status 2/);
  expect(stderr).toContain('F1120 cannot find table pipelines');
  expect(await world.state()).toEqual(before);
});

test('a rollout that does not move ends with the time that was given', async () => {
  const before = await world.state();
  world.node.fateOf = (image) => (image.includes('/cacheserver@') ? { kind: 'stuck' } : { kind: 'runs' });
  const { exitCode, stderr } = await deploy(first, { timeout: '3s' }, ['cacheserver']);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('Not ready after 3 seconds.');
  expect(stderr).toContain('cache-server: put back');
  expect(await world.state()).toEqual(before);
});

test('an interrupt takes everything back', async () => {
  const before = await world.state();
  world.node.fateOf = () => ({ kind: 'stuck' });
  const lock = await world.lock(first);
  let pid = 0;
  const running = world.run('deploy', { lock }, [], { onStart: (started) => (pid = started) });
  await changed('ml-pipeline');
  process.kill(pid, 'SIGINT');
  const { exitCode, stderr } = await running;
  expect(exitCode, stderr).toBe(130);
  expect(stderr).toContain('ml-pipeline: put back');
  expect(await world.state()).toEqual(before);
});

test('another deploy meanwhile: the one that waits fails, and leaves the set of the other one alone', async () => {
  const held = second.images['cacheserver']?.digest ?? '';
  world.node.fateOf = (image) => (image.endsWith(held) ? { kind: 'stuck' } : { kind: 'runs' });
  let said = '';
  const waits = deploy(second, {}, [], { onStderr: (chunk: Buffer) => (said += chunk.toString()) });
  // It has made all its changes when it says how the first rollout goes.
  while (!/^ml-pipeline: \d/m.test(said)) await new Promise((resolve) => setTimeout(resolve, 20));
  const other = await deploy(first);
  expect(other.exitCode, other.stderr).toBe(0);
  const between = await world.state();
  const { exitCode, stderr } = await waits;
  expect(exitCode, stderr).toBe(1);
  // On a busy machine it fails before the other one has come to its last Deployment.
  expect(stderr).toMatch(
    /(Nothing was put back, because|Put back to what ran before, except what) somebody else has changed (it )?meanwhile \(kfp-images status --\S+/,
  );
  expect(stderr).toContain('ml-pipeline: left alone');
  expect(await world.state()).toEqual(between);
});

test('a set that never became ready is nothing to go back to: a rollback goes behind the deploy of it and the one after', async () => {
  const before = await world.state();
  const held = second.images['cacheserver']?.digest ?? '';
  world.node.fateOf = (image) => (image.endsWith(held) ? { kind: 'stuck' } : { kind: 'runs' });
  const ended = await killedOnceItWaits(second);
  expect(ended.exitCode).not.toBe(0);
  const deployed = await deploy(first);
  expect(deployed.exitCode, deployed.stderr).toBe(0);
  expect(deployed.stderr).toMatch(
    /The deploy of \S+ never became ready \(cache-server\)\. This deploy takes its place, and a rollback goes behind both\./,
  );
  const back = await world.run('rollback');
  expect(back.exitCode, back.stderr).toBe(0);
  expect(imagesOf(await world.state())).toEqual(imagesOf(before));
  const forward = await world.run('rollback');
  expect(forward.exitCode, forward.stderr).toBe(0);
  expect(await world.deployment('cache-server')).toMatchObject({
    image: expect.stringContaining(first.images['cacheserver']?.digest ?? '') as string,
  });
});

test('where that next one fails too, what ran before both runs again', async () => {
  const before = await world.state();
  const held = [first, second].map(({ images }) => images['cacheserver']?.digest ?? '');
  world.node.fateOf = (image) => {
    if (image.endsWith(held[1] ?? '')) return { kind: 'stuck' };
    return image.endsWith(held[0] ?? '') ? { kind: 'no-pull', words: 'manifest unknown' } : { kind: 'runs' };
  };
  await killedOnceItWaits(second);
  const failed = await deploy(first);
  expect(failed.exitCode, failed.stderr).toBe(1);
  expect(failed.stderr).toContain('Put back to what ran before');
  expect(imagesOf(await world.state())).toEqual(imagesOf(before));
  expect((await world.run('status')).stderr).not.toContain('interrupted');
});

test('two deploys at once of which the first fails while the second patches: the second goes on to its end', async () => {
  const held = second.images['cacheserver']?.digest ?? '';
  let isRefused = false;
  world.node.fateOf = (image) => {
    if (!image.endsWith(held)) return { kind: 'runs' };
    return isRefused ? { kind: 'no-pull', words: 'manifest unknown' } : { kind: 'stuck' };
  };
  let said = '';
  const failing = deploy(second, {}, [], { onStderr: (chunk: Buffer) => (said += chunk.toString()) });
  while (!/^ml-pipeline: \d/m.test(said)) await new Promise((resolve) => setTimeout(resolve, 20));
  // The other one stands still after two of its patches, until the first has taken its own changes back.
  const folder = await mkdtemp(join(server.folder, 'waits-'));
  const PATH = await pathWherePatchesWait(folder, 2);
  const other = deploy(first, {}, [], { env: { PATH } });
  while (!existsSync(join(folder, 'waits'))) await new Promise((resolve) => setTimeout(resolve, 20));
  isRefused = true;
  const failed = await failing;
  expect(failed.exitCode, failed.stderr).toBe(1);
  expect(failed.stderr).toMatch(
    /Put back to what ran before, except what somebody else has changed meanwhile \(kfp-images status/,
  );
  await writeFile(join(folder, 'go'), '');
  const { exitCode, stderr } = await other;
  expect(exitCode, stderr).toBe(0);
  const status = await world.run('status');
  expect(status.stderr).not.toMatch(/interrupted|run together/);
  expect(status.stdout).not.toContain('drift');
  expect(status.stdout).toContain(first.commit.slice(0, 12));
  expect(status.stdout).not.toContain(second.commit.slice(0, 12));
});

/** A deploy that has made all its changes, and is killed while it waits. */
async function killedOnceItWaits(lock: typeof first): Promise<Ended> {
  let [pid, said] = [0, ''];
  const running = deploy(lock, {}, [], {
    onStart: (started: number) => (pid = started),
    onStderr: (chunk: Buffer) => (said += chunk.toString()),
  });
  while (!/^ml-pipeline: \d/m.test(said)) await new Promise((resolve) => setTimeout(resolve, 20));
  process.kill(pid, 'SIGKILL');
  return running;
}

function imagesOf(state: unknown): unknown {
  return (state as readonly { name: string; containers: unknown }[]).map(({ name, containers }) => [name, containers]);
}

test('a set without its driver, or one that is not there, changes nothing', async () => {
  const before = await world.state();
  const skewed = await deploy(setOf('first', ['driver']));
  expect(skewed.exitCode).toBe(2);
  expect(skewed.stderr).toContain('has apiserver, launcher but not driver');
  const missing = await deploy(setOf('first', ['cacheserver']), {}, ['cacheserver']);
  expect(missing.exitCode).toBe(2);
  const unknown = await deploy(first, {}, ['cachserver']);
  expect(unknown.exitCode).toBe(2);
  expect(await world.state()).toEqual(before);
});

test('who may not change Deployments learns it before anything happens', async () => {
  const { exitCode, stderr } = await deploy(first, { context: 'reader' });
  expect(exitCode).toBe(1);
  expect(stderr).toContain('may not patch deployments.apps/');
});

test('a namespace without KFP, a cluster that is not there, a context that is unknown', async () => {
  const empty = await deploy(first, { namespace: 'default' });
  expect(empty.exitCode).toBe(1);
  expect(empty.stderr).toContain('has no Kubeflow Pipelines');
  const unknown = await deploy(first, { context: 'nowhere' });
  expect(unknown.exitCode).toBe(1);
  expect(unknown.stderr).toContain('context "nowhere" does not exist');
});

test('a dry run changes nothing, also when the API server judges it', async () => {
  const before = await world.state();
  const client = await deploy(first, { dryRun: true, yes: false });
  expect(client).toMatchObject({ exitCode: 0 });
  expect(client.stdout).toContain(`kubectl --context test --namespace ${world.namespace} `);
  const judged = await deploy(first, { dryRun: 'server', yes: false, json: true });
  expect(judged, judged.stderr).toMatchObject({ exitCode: 0 });
  expect(JSON.parse(judged.stdout)).toMatchObject({ kind: 'dry-run', checked: true });
  expect(await world.state()).toEqual(before);
});

test('without --yes and without a terminal nothing is changed', async () => {
  const before = await world.state();
  const { exitCode, stderr } = await deploy(first, { yes: false });
  expect(exitCode).toBe(2);
  expect(stderr).toContain('give --yes');
  expect(await world.state()).toEqual(before);
});

test('a pull secret with a login for the registry is added, and those there are kept', async () => {
  await post('/secrets', {
    metadata: { name: 'regcred-gar' },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': base64({ auths: { '127.0.0.1:9': { auth: 'x' } } }) },
  });
  await patch('cache-server', { spec: { template: { spec: { imagePullSecrets: [{ name: 'other' }] } } } });
  const { exitCode, stderr } = await deploy(first, { pullSecret: 'regcred-gar' }, ['cacheserver']);
  expect(exitCode, stderr).toBe(0);
  const secrets = ((await world.state()) as { name: string; secrets: object[] }[]).find(
    ({ name }) => name === 'cache-server',
  );
  expect(secrets?.secrets).toEqual(expect.arrayContaining([{ name: 'other' }, { name: 'regcred-gar' }]));
  const wrong = await deploy(second, { pullSecret: 'not-there' }, ['cacheserver']);
  expect(wrong.exitCode).toBe(1);
  expect(wrong.stderr).toContain('kfp-images pull-secret --key FILE');
});

test('what somebody else changed shows as drift', async () => {
  expect((await deploy(first, {}, ['cacheserver'])).exitCode).toBe(0);
  await patch('cache-server', {
    spec: { template: { spec: { containers: [{ name: 'server', image: 'example.com/mine:1' }] } } },
  });
  const { stdout } = await world.run('status');
  expect(stdout).toContain('drift: cache-server was changed since it was deployed');
});

async function changed(name: string): Promise<void> {
  while ((await world.annotations(name))['kfp-images.dev/commit'] === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function post(path: string, body: object): Promise<void> {
  const answer = await server.api(`/api/v1/namespaces/${world.namespace}${path}`, { method: 'POST', body });
  expect(answer.status).toBe(201);
}

async function patch(name: string, body: object): Promise<void> {
  const answer = await server.api(`/apis/apps/v1/namespaces/${world.namespace}/deployments/${name}`, {
    method: 'PATCH',
    contentType: 'application/strategic-merge-patch+json',
    body,
  });
  expect(answer.status).toBe(200);
}

function base64(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64');
}
