import { afterAll, beforeAll, expect, test } from 'vitest';
import { readImageConfig } from '../../src/oci/manifest';
import type { ApiServer } from '../cluster/apiServer';
import { runKubectl } from '../cluster/kubectl';
import { installKinds } from '../cluster/storedObjects';
import { createServer, createWorld, type Flags, type World } from '../cluster/world';
import { createPublishedFork, type PublishedFork } from '../deploy/publishedFork';
import { startRegistry, type TestRegistry } from '../support/registry';
import { testClient } from '../support/registryClient';
import { startDatabase } from './database';
import { KfpApi, type Pinned } from './kfpApi';
import { failWorkflow, imagesIn, storedImages, workflowOf } from './objects';
import { startObjectStore } from './objectStore';
import { runKfp, type KfpPods } from './pods';

/*
 * What runs name after a deploy, by a real API server of Kubeflow Pipelines (KFP_APISERVER), which compiles them. Real as well: the Kubernetes API
 * server, the database, the registry, and the sets in it, bound by us. Stand-ins: the kinds Workflow and ScheduledWorkflow (any fields), the
 * node, the object store; and Argo and the persistence agent, whose parts the tests play. The Deployments are those of upstream's newest commit,
 * whose variables name upstream's images.
 */

const running = new AsyncDisposableStack();
let server: ApiServer;
let world: World;
let registry: TestRegistry;
let fork: PublishedFork;
let pods: KfpPods;
let kfp: KfpApi;
let pinned: Pinned;

const namespace = 'kubeflow';
const before: { images: readonly string[]; failed: string } = { images: [], failed: '' };

beforeAll(async () => {
  server = running.use(await createServer());
  await installKinds(server);
  registry = running.adopt(await startRegistry(), (started) => started.stop());
  const store = running.use(await startObjectStore());
  const database = running.use(await startDatabase(server.folder));
  fork = await createPublishedFork(registry, server.folder);
  world = running.use(await createWorld(server, 'head', namespace));
  pods = running.use(runKfp(world, { databasePort: database.port, storePort: store.port, imageEnv }));
  kfp = new KfpApi(() => pods.url());
  await until(() => pods.url() !== '');
  pinned = await kfp.upload('tested');
});
afterAll(() => running.disposeAsync());

/** What an image of our registry brings along; of others nothing is known. */
async function imageEnv(image: string): Promise<Readonly<Record<string, string>>> {
  const [repository = '', digest = ''] = image.split('@');
  if (!repository.startsWith(registry.host)) return {};
  const { registry: client } = testClient({ login: registry });
  const manifest = await client.manifest(repository, digest);
  const config = manifest && (await readImageConfig(client, repository, manifest));
  if (config === undefined) throw new Error(`no configuration of ${image}`);
  return config.env;
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const latest = Date.now() + 300_000; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const so = await Promise.resolve()
      .then(isSo)
      .catch((error: unknown) => {
        if (Date.now() > latest) throw error;
        return false;
      });
    if (so) return;
    if (Date.now() > latest) throw new Error('It did not come to that within five minutes');
  }
}

/** Driver and launcher of a commit's set, sorted. */
async function setOf(commit: string | undefined): Promise<readonly string[]> {
  const { images } = await fork.publish(commit ?? '');
  return ['driver', 'launcher'].map((name) => `${images[name]?.repository ?? ''}@${images[name]?.digest ?? ''}`).sort();
}

type OnStderr = (chunk: Buffer) => void;
const command = (name: 'deploy' | 'rollback' | 'status', flags: Flags = {}, onStderr: OnStderr = () => undefined) =>
  world.run(name, { json: true, ...(name === 'status' ? {} : { timeout: '5m' }), ...flags }, [], {
    env: fork.env,
    cwd: fork.directory,
    onStderr,
  });
const deploy = (commit: string | undefined, onStderr?: OnStderr) =>
  command('deploy', { registryPath: registry.path, commit }, onStderr);

interface Stale {
  readonly stale: {
    readonly recurring: readonly { readonly id: string }[];
    readonly failed: readonly { readonly id: string }[];
    readonly blocking: readonly { readonly id: string }[];
    readonly reason: string;
  };
}
const staleIn = (stdout: string): Stale['stale'] => (JSON.parse(stdout) as Stale).stale;
const idsOf = (each: readonly { readonly id: string }[]): readonly string[] => each.map(({ id }) => id).sort();

async function newRun(name: string): Promise<{ readonly id: string; readonly images: readonly string[] }> {
  const id = await kfp.run(name, pinned);
  return { id, images: imagesIn(await workflowOf(server, namespace, id)) };
}

const retried = async (run: string): Promise<readonly string[]> => {
  await kfp.retry(run);
  return imagesIn(await workflowOf(server, namespace, run));
};

const fail = async (run: string): Promise<void> => kfp.report((await failWorkflow(server, namespace, run)) as object);

test('before any deploy runs name what the Deployment says', async () => {
  const { id, images } = await newRun('before');
  const env = await world.deployment('ml-pipeline');
  expect(images).toEqual([env['V2_DRIVER_IMAGE'], env['V2_LAUNCHER_IMAGE']].sort());
  await fail(id);
  Object.assign(before, { images, failed: id });
  for (const name of ['one', 'two', 'off']) await kfp.recurring(name, pinned, name === 'off' ? 'DISABLE' : 'ENABLE');
  await kfp.recurring('unpinned', { pipeline: pinned.pipeline });
  expect((await storedImages(server, namespace)).size).toBeGreaterThanOrEqual(3);
});

test('after a deploy new, recurring and retried runs name the digests of the set', async () => {
  const wanted = await setOf(fork.commits[0]);
  // A busy apiserver: it renews slowly, and goes on only when the deploy waits for it.
  pods.requestsPerSecond = 0.3;
  pods.hold = true;
  let said = '';
  const deployed = await deploy(fork.commits[0], (chunk) => {
    said += chunk.toString('utf8');
    if (said.includes('Waiting until the apiserver has renewed')) pods.release();
  });
  // At once: the deploy has waited for them.
  const stored = await storedImages(server, namespace);
  pods.release();
  pods.requestsPerSecond = 50;
  expect(deployed, deployed.stderr).toMatchObject({ exitCode: 0 });
  for (const [id, images] of stored) expect(images, `${id}\n${deployed.stderr}`).toEqual(wanted);
  expect(staleIn(deployed.stdout).recurring).toEqual([]);

  const fresh = await newRun('after');
  expect(fresh.images).toEqual(wanted);
  await fail(fresh.id);
  expect(await retried(fresh.id)).toEqual(wanted);
  await kfp.recurring('later', pinned);
  for (const [id, images] of await storedImages(server, namespace)) expect(images, id).toEqual(wanted);
});

test('status names the failed run that a retry would start with what it was compiled with, and so it does', async () => {
  const { exitCode, stdout, stderr } = await command('status');
  expect(exitCode, stderr).toBe(0);
  expect(idsOf(staleIn(stdout).failed)).toEqual([before.failed]);
  expect(await retried(before.failed)).toEqual(before.images);
});

test('a pipeline version that is gone stops the renewal: exactly what it left is named, and the way out works', async () => {
  const wanted = await setOf(fork.commits[1]);
  const version = await kfp.uploadVersion(pinned.pipeline, 'gone');
  const gone = await kfp.recurring('gone', { pipeline: pinned.pipeline, version }, 'DISABLE');
  // It comes to them by their ids.
  for (let behind = ''; behind < gone;) behind = await kfp.recurring('behind', pinned);
  await kfp.deleteVersion({ pipeline: pinned.pipeline, version });

  const deployed = await deploy(fork.commits[1]);
  expect(deployed, deployed.stderr).toMatchObject({ exitCode: 0 });
  const left = async (): Promise<readonly string[]> =>
    [...(await storedImages(server, namespace))]
      .filter(([, images]) => images.join() !== wanted.join())
      .map(([id]) => id)
      .sort();
  expect(await left()).toContain(gone);
  expect((await left()).length).toBeGreaterThan(1);
  const { recurring, blocking, reason } = staleIn(deployed.stdout);
  expect(idsOf(recurring)).toEqual(await left());
  expect(idsOf(blocking)).toEqual([gone]);
  expect(reason).toContain(version);
  expect(deployed.stderr).toContain(`kfp recurring delete ${gone}`);
  expect(idsOf(staleIn((await command('status')).stdout).recurring)).toEqual(await left());

  // What was printed, in KFP's API in place of its command line.
  await kfp.deleteRecurring(gone);
  const restart = /kubectl (.*rollout restart.*)$/m.exec(deployed.stderr)?.[1]?.split(' ') ?? [];
  expect(await runKubectl({ KUBECONFIG: server.kubeconfig }, restart)).toMatchObject({ exitCode: 0 });
  await until(async () => (await left()).length === 0);
  expect(staleIn((await command('status')).stdout).recurring).toEqual([]);
  expect((await newRun('second set')).images).toEqual(wanted);
});

test('after a rollback they name the set before', async () => {
  const wanted = await setOf(fork.commits[0]);
  const back = await command('rollback');
  const stored = await storedImages(server, namespace);
  expect(back, back.stderr).toMatchObject({ exitCode: 0 });
  for (const [id, images] of stored) expect(images, `${id}\n${back.stderr}`).toEqual(wanted);
  expect(staleIn(back.stdout).recurring).toEqual([]);
  expect((await newRun('rolled back')).images).toEqual(wanted);
});

test('where the Deployment has no variables, what is bound into the image counts', async () => {
  const wanted = await setOf(fork.commits[1]);
  const { images } = await fork.publish(fork.commits[1] ?? '');
  const image = `${images['apiserver']?.repository ?? ''}@${images['apiserver']?.digest ?? ''}`;
  const container = { name: 'ml-pipeline-api-server', image };
  const variables = ['V2_DRIVER_IMAGE', 'V2_LAUNCHER_IMAGE'].map((name) => ({ name, $patch: 'delete' }));
  const patch = { spec: { template: { spec: { containers: [{ ...container, env: variables }] } } } };
  const args = ['--namespace', namespace, 'patch', 'deployment', 'ml-pipeline', '--patch', JSON.stringify(patch)];
  const url = pods.url();
  expect(await runKubectl({ KUBECONFIG: server.kubeconfig }, args)).toMatchObject({ exitCode: 0 });
  await until(() => pods.url() !== url);
  expect(Object.keys(await world.deployment('ml-pipeline'))).not.toContain('V2_DRIVER_IMAGE');
  expect((await newRun('bound')).images).toEqual(wanted);
});
