import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPublishedFork, type PublishedFork } from '../deploy/publishedFork';
import { startRegistry, type TestRegistry } from '../support/registry';
import type { ApiServer } from './apiServer';
import { createServer, createWorld, type Flags, type World } from './world';

/* Sets from a real registry with a login, onto a real API server and into a real git repository. */

let server: ApiServer;
let world: World;
let registry: TestRegistry;
let fork: PublishedFork;
let commits: PublishedFork['commits'];
let env: PublishedFork['env'];

beforeAll(async () => {
  server = await createServer();
  registry = await startRegistry();
  world = await createWorld(server, 'head', 'kubeflow');
  fork = await createPublishedFork(registry, server.folder);
  ({ commits, env } = fork);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await registry.stop();
  await server[Symbol.asyncDispose]();
});

const deploy = (flags: Flags, operands: readonly string[] = []) =>
  world.run('deploy', { json: true, ...flags }, operands, { env, cwd: fork.directory });

test("the newest set of HEAD's history, any other by its commit, and the login that pods lack", async () => {
  const newest = await deploy({ registryPath: `https://${registry.path}//` });
  expect(newest, newest.stderr).toMatchObject({ exitCode: 0 });
  expect(JSON.parse(newest.stdout)).toMatchObject({ kind: 'deployed', commit: commits[1] });
  expect(newest.stderr).toContain(`${registry.host} wants a login, and no pull secret of kubeflow has one`);
  const older = await deploy({ registryPath: registry.path, commit: 'HEAD~2' }, ['cacheserver']);
  expect(older, older.stderr).toMatchObject({ exitCode: 0 });
  expect(JSON.parse(older.stdout)).toMatchObject({ commit: commits[0], changed: [{ deployment: 'cache-server' }] });
  const status = await world.run('status');
  expect(status.stderr).toContain('Images of 2 commits run together');
  const missing = await deploy({ registryPath: registry.path, commit: commits[2] });
  expect(missing.exitCode).toBe(1);
  expect(missing.stderr).toContain(`has no release set of commit ${commits[2] ?? ''}`);
});

test('a lock file that mixes two commits is refused', async () => {
  const [one, two] = [await fork.publish(commits[0] ?? ''), await fork.publish(commits[1] ?? '')];
  const driver = one.images['driver'];
  if (driver === undefined) throw new Error('no driver');
  const mixed = await world.lock({ ...two, images: { ...two.images, driver } });
  const before = await world.state();
  const refused = await deploy({ lock: mixed });
  expect(refused.exitCode).toBe(2);
  expect(refused.stderr).toContain('is mixed: its apiserver was published with V2_DRIVER_IMAGE=');
  expect(await world.state()).toEqual(before);
});

test('gitops: the set as one commit, the same again as none, a merge request, and Argo CD where it is', async () => {
  const origin = join(server.folder, 'gitops.git');
  const seed = join(server.folder, 'seed');
  await fork.git('init', '--quiet', '--bare', origin);
  await fork.git('clone', '--quiet', origin, seed);
  await writeFile(
    join(seed, 'kustomization.yaml'),
    'images:\n- name: ghcr.io/kubeflow/kfp-cache-server\n  newTag: 2.5.0 # old\n',
  );
  await writeFile(
    join(seed, 'values.yaml'),
    'api: { image: "REG:TAG" }   # keep\ndriver: DRIVER\nlauncher: LAUNCHER\n',
  );
  await fork.git('-C', seed, 'add', '.');
  await fork.git('-C', seed, 'commit', '--quiet', '--message', 'Start');
  await fork.git('-C', seed, 'push', '--quiet', 'origin', 'HEAD:main');
  const bin = join(server.folder, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'argocd'), `#!/bin/sh\necho "$@" >>${join(server.folder, 'argocd.log')}\n`, {
    mode: 0o755,
  });
  const gitops = (flags: Flags) =>
    world.run(
      'gitops',
      {
        registryPath: registry.path,
        repository: `file://${origin}`,
        file: ['kustomization.yaml', 'values.yaml'],
        set: ['REG:TAG=apiserver', 'DRIVER=driver', 'LAUNCHER=launcher'],
        ...flags,
      },
      [],
      { env: { ...env, PATH: `${bin}:${process.env['PATH'] ?? ''}` }, cwd: fork.directory },
    );

  const dry = await gitops({ dryRun: true });
  expect(dry, dry.stderr).toMatchObject({ exitCode: 0 });
  expect(dry.stdout).toMatch(/^\+api: \{ image: "\S+\/apiserver@sha256:[0-9a-f]{64}" \} {3}# keep$/m);
  const asked = await gitops({ mergeRequest: true });
  expect(asked, asked.stderr).toMatchObject({ exitCode: 0 });
  expect(asked.stderr).toMatch(/Pushed \w+ to kfp-images\//);
  const pushed = await gitops({ argocdApp: 'kubeflow-pipelines' });
  expect(pushed, pushed.stderr).toMatchObject({ exitCode: 0 });
  expect(pushed.stderr).toContain('kubeflow-pipelines is synced and healthy');
  expect(await fork.git('-C', origin, 'log', '-1', '--format=%B', 'main')).toContain(
    `Release set of commit ${commits[1] ?? ''}`,
  );
  expect(await fork.git('-C', origin, 'show', 'main:kustomization.yaml')).toMatch(
    /newName: \S+\/cacheserver\n|digest: sha256:[0-9a-f]{64} # old/,
  );
  const again = await gitops({});
  expect(again.stderr).toContain('Nothing to change: main says this set already.');
  expect(await fork.git('-C', origin, 'rev-list', '--count', 'main')).toBe('2');
});
