import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyTag } from '../../src/publish/tags';
import { docker } from '../support/engine';
import { dockerConfig } from '../support/registry';
import { testClient } from '../support/registryClient';
import type { StepResult } from '../support/runner';
import {
  before,
  blobOf,
  createWorld,
  json,
  kfpImages,
  lockIn,
  manifestOf,
  noDocker,
  step,
  storedIn,
  tagsOf,
  tellingDocker,
  type World,
} from './world';

/* Builds only what changed: one fork and one registry, commit after commit. */

const images = ['apiserver', 'driver', 'launcher'];

let world: World;
let first: StepResult;
let firstCommit: string;
let bases: { readonly golang: string; readonly alpine: string };

beforeAll(async () => {
  world = await createWorld();
  const from = `${world.registry.host}/base`;
  bases = { golang: `${from}/golang:1.26-alpine`, alpine: `${from}/alpine:3.21` };
  await putBase('kfp-images-demo/golang:1.26-alpine', bases.golang);
  await putBase('kfp-images-demo/alpine:3.21', bases.alpine);
  firstCommit = await world.fork.commit('Begin [apiserver]', await onOwnBases());
  first = await step(world);
});
afterAll(async () => {
  await docker(['image', 'rm', bases.golang, bases.alpine]);
  await world[Symbol.asyncDispose]();
});

/** Gives an image of the engine a name in the test registry, where it can move. */
async function putBase(image: string, name: string): Promise<void> {
  const DOCKER_CONFIG = await dockerConfig(world.registry, world.folder.path);
  await docker(['tag', image, name]);
  await docker(['push', '--quiet', name], { env: { DOCKER_CONFIG } });
}

/** The fork's Dockerfiles, starting from the base images in the registry. */
async function onOwnBases(): Promise<Readonly<Record<string, string>>> {
  const folder = join(world.fork.directory, 'backend');
  const files = (await readdir(folder)).filter((name) => name.startsWith('Dockerfile'));
  const texts = files.map(async (name): Promise<readonly [string, string]> => {
    const text = await readFile(join(folder, name), 'utf8');
    return [`backend/${name}`, text.replaceAll('kfp-images-demo/', `${world.registry.host}/base/`)];
  });
  return Object.fromEntries(await Promise.all(texts));
}

const names = (result: StepResult, output: 'built' | 'reused'): readonly string[] =>
  [...(json(result, output) as string[])].sort();
const digests = async (): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries(Object.entries((await lockIn(world.fork)).images).map(([name, { digest }]) => [name, digest]));
const plannedImage = (result: StepResult, name: string): Readonly<Record<string, unknown>> => {
  const plan = json(result, 'plan') as { readonly images: readonly Readonly<Record<string, unknown>>[] };
  return plan.images.find((image) => image['name'] === name) ?? {};
};

it('the first run builds', () => {
  expect(first.exitCode).toBe(0);
  expect(names(first, 'built')).toEqual(images);
});

it('the same commit again: nothing is built, no builder is started, nothing in the registry changes', async () => {
  const [stored, lock] = [await storedIn(world.registry), await lockIn(world.fork)];
  const fake = await noDocker(world);
  const again = await step(world, { env: { PATH: before(fake.bin) } });
  expect(again.exitCode).toBe(0);
  expect(names(again, 'built')).toEqual([]);
  expect(names(again, 'reused')).toEqual(images);
  expect(await fake.calls()).toBe('');
  expect(await storedIn(world.registry)).toEqual(stored);
  expect(await lockIn(world.fork)).toEqual(lock);
});

it('a key that names another build of the same content by now changes nothing in a set that is published', async () => {
  const lock = await lockIn(world.fork);
  const { path, username, password } = world.registry;
  const { registry } = testClient({ login: { username, password } });
  const keyed = await Promise.all(
    Object.entries(lock.images).map(async ([name, { repository, key }]) => {
      const tag = keyTag(key);
      const built = await registry.manifest(`${path}/${name}`, tag);
      if (built === undefined) throw new Error(`${name} has no ${tag}`);
      const other = Buffer.from(`${Buffer.from(built.bytes).toString()}\n`);
      return { repository, tag, built, moved: await registry.putManifest(repository, tag, built.mediaType, other) };
    }),
  );
  expect(keyed.filter(({ built, moved }) => built.digest !== moved.digest)).toHaveLength(images.length);
  const again = await step(world);
  expect(again.exitCode).toBe(0);
  expect(names(again, 'reused')).toEqual(images);
  expect(await lockIn(world.fork)).toEqual(lock);
  for (const { repository, tag, built } of keyed) {
    await registry.putManifest(repository, tag, built.mediaType, built.bytes);
  }
});

it('a commit of documentation builds nothing, starts no builder, and publishes a whole set of its own', async () => {
  const old = await digests();
  const commit = await world.fork.commit('Explain [apiserver]', { 'docs/more.md': 'More.\n' });
  const fake = await noDocker(world);
  const result = await step(world, { env: { PATH: before(fake.bin) } });
  expect(result.exitCode).toBe(0);
  expect(names(result, 'built')).toEqual([]);
  expect(await fake.calls()).toBe('');
  expect(await digests()).toEqual(old);
  expect((await lockIn(world.fork)).commit).toBe(commit);
  for (const image of [...images, 'kfp-images-set']) {
    expect(await tagsOf(world.registry, image)).toEqual(
      expect.arrayContaining([`commit-${firstCommit}`, `commit-${commit}`]),
    );
  }
  const { digest } = await manifestOf(world.registry, 'apiserver', 'latest');
  expect(digest).toBe(old['apiserver']);
});

it('a change of the driver alone rebuilds it, binds the apiserver again without building it, and leaves the rest', async () => {
  const old = await digests();
  const before = await manifestOf(world.registry, 'apiserver', old['apiserver'] ?? '');
  const path = 'backend/src/v2/driver/driver.go';
  const source = await readFile(join(world.fork.directory, path), 'utf8');
  const parent = await world.fork.git('rev-parse', '--short=12', 'HEAD');
  const commit = await world.fork.commit('Teach it [backend-all]', { [path]: `${source}\n// A trick.\n` });
  const result = await step(world, { inputs: { images: 'apiserver' } });
  expect(result.exitCode).toBe(0);
  expect(names(result, 'built')).toEqual(['driver']);
  expect(names(result, 'reused')).toEqual(['apiserver', 'launcher']);
  expect(plannedImage(result, 'driver')).toMatchObject({
    action: 'build',
    reason: expect.stringContaining(`changed since ${parent}`) as string,
    changed: [path],
  });
  expect(plannedImage(result, 'apiserver')).toMatchObject({ action: 'reuse' });

  const now = await digests();
  expect(now['launcher']).toBe(old['launcher']);
  expect(now['driver']).not.toBe(old['driver']);
  expect(now['apiserver']).not.toBe(old['apiserver']);
  const after = await manifestOf(world.registry, 'apiserver', now['apiserver'] ?? '');
  expect(after.manifest.layers).toEqual(before.manifest.layers);
  const config = (await blobOf(world.registry, 'apiserver', after.manifest.config.digest)) as {
    readonly config: { readonly Env: readonly string[] };
  };
  expect(config.config.Env).toContain(`V2_DRIVER_IMAGE=${world.registry.path}/driver@${now['driver'] ?? ''}`);
  expect(config.config.Env).toContain(`V2_LAUNCHER_IMAGE=${world.registry.path}/launcher@${now['launcher'] ?? ''}`);
  expect(await tagsOf(world.registry, 'apiserver')).toContain(`commit-${commit}`);
});

it('rebuild: all builds what the registry has', async () => {
  const result = await step(world, { inputs: { images: 'driver', rebuild: 'all' } });
  expect(result.exitCode).toBe(0);
  expect(names(result, 'built')).toEqual(['driver']);
  expect(plannedImage(result, 'driver')).toMatchObject({ action: 'build', reason: 'everything is rebuilt, as asked' });
});

describe('base images that no Dockerfile pins', () => {
  const digestOf = async (name: string): Promise<string> =>
    (await manifestOf({ ...world.registry, path: `${world.registry.host}/base` }, name, '3.21')).digest;

  it('a build is held to the digests that were looked up', async () => {
    const teller = await tellingDocker(world);
    const env = { PATH: before(teller.bin) };
    const result = await step(world, { inputs: { images: 'launcher', rebuild: 'all' }, env });
    expect(result.exitCode).toBe(0);
    // A build that took some seconds is followed by one that writes its cache to a file.
    const calls = (await teller.calls()).filter(([first, second]) => first === 'buildx' && second === 'build');
    const [call = []] = calls.filter((words) => !words.some((word) => word.startsWith('type=tar,')));
    const contexts = call.filter((_, index) => call[index - 1] === '--build-context');
    const pinned = `${bases.alpine}=docker-image://${world.registry.host}/base/alpine@${await digestOf('alpine')}`;
    expect(contexts).toContain(pinned);
    expect(contexts).toHaveLength(2);
  });

  it('one that moves: all that is built on it is rebuilt, and the plan says why', async () => {
    const old = await digestOf('alpine');
    await docker(['buildx', 'build', '--quiet', '--provenance=false', '--tag', bases.alpine, '-'], {
      input: 'FROM kfp-images-demo/alpine:3.21\nENV PATCHED=yes\n',
    });
    await docker(['push', '--quiet', bases.alpine], { env: { DOCKER_CONFIG: world.folder.path } });
    expect(await digestOf('alpine')).not.toBe(old);

    // The commit that is published stays what it is.
    const lock = await lockIn(world.fork);
    const again = await step(world, { inputs: { images: 'launcher' } });
    expect(again.exitCode).toBe(0);
    expect(names(again, 'built')).toEqual([]);
    expect(plannedImage(again, 'launcher')['reason']).toMatch(/^published for this commit already, /);
    expect(await lockIn(world.fork)).toEqual(lock);

    await world.fork.commit('Take the patch [launcher]', { 'docs/more.md': 'Patched.\n' });
    const result = await step(world);
    expect(result.exitCode).toBe(0);
    expect(names(result, 'built')).toEqual(['launcher']);
    expect(plannedImage(result, 'launcher')['reason']).toMatch(
      /^at least one of the base images \S*base\/alpine:3\.21 and \S*base\/golang:1\.26-alpine moved since /,
    );
    const { manifest } = await manifestOf(world.registry, 'launcher', 'latest');
    const config = await blobOf(world.registry, 'launcher', manifest.config.digest);
    expect(config).toMatchObject({ config: { Env: expect.arrayContaining(['PATCHED=yes']) as unknown } });
  });
});

describe('after a force-push of the default branch', () => {
  let stood: string;

  beforeAll(async () => {
    ({ digest: stood } = await manifestOf(world.registry, 'kfp-images-set', 'latest'));
    await world.fork.git('reset', '--quiet', '--hard', 'HEAD~1');
    await world.fork.commit('Start over [apiserver]', { 'docs/start.md': 'Start.\n' });
  });

  it('the set is published, latest stays, and the run is green and says what to do', async () => {
    const result = await step(world);
    expect(result.exitCode).toBe(0);
    expect(result.stdout).toMatch(
      /^::warning::latest was not moved: .* not an ancestor of .*force-push.*run with latest: always/m,
    );
    expect(result.summary).toContain('not moved: it is at commit');
    expect((await manifestOf(world.registry, 'kfp-images-set', 'latest')).digest).toBe(stood);
    const head = await world.fork.git('rev-parse', 'HEAD');
    expect(await tagsOf(world.registry, 'kfp-images-set')).toContain(`commit-${head}`);
  });

  it('diverged: fail makes it red', async () => {
    const result = await step(world, { inputs: { diverged: 'fail' } });
    expect(result.exitCode).toBe(1);
    expect(result.stdout).toMatch(/^::error::latest was not moved: /m);
    expect((await manifestOf(world.registry, 'kfp-images-set', 'latest')).digest).toBe(stood);
  });

  it.each(['warn', 'fail'])('on a terminal what the registry holds is said once (diverged: %s)', async (diverged) => {
    await world.fork.git('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main');
    const args = ['build', '--images', 'apiserver', '--diverged', diverged, ...world.target];
    const ended = await kfpImages(world.fork.directory, args);
    expect(ended.exitCode, ended.stderr).toBe(diverged === 'fail' ? 1 : 0);
    expect(`${ended.stdout}${ended.stderr}`.split('was in the registry before and is unchanged')).toHaveLength(2);
  });

  it('latest: always moves it over, and later runs move it on', async () => {
    expect((await step(world, { inputs: { latest: 'always' } })).exitCode).toBe(0);
    const moved = (await manifestOf(world.registry, 'kfp-images-set', 'latest')).digest;
    expect(moved).not.toBe(stood);
    await world.fork.commit('Go on [apiserver]', { 'docs/start.md': 'On.\n' });
    const result = await step(world);
    expect(result.stdout).not.toContain('::warning::latest');
    expect((await manifestOf(world.registry, 'kfp-images-set', 'latest')).digest).not.toBe(moved);
  });
});

it('a workspace that takes no lock file does not make a run red that has published everything', async () => {
  const commit = await world.fork.commit('Explain more [apiserver]', { 'docs/more.md': 'Still more.\n' });
  const inTheWay = join(world.fork.directory, 'kfp-images.lock.json');
  await rm(inTheWay, { force: true });
  await mkdir(inTheWay);
  try {
    const result = await step(world);
    expect(result.exitCode).toBe(0);
    expect(result.stdout).toMatch(/^::warning::The lock file .* can't be written.*published all the same/m);
    expect(result.outputs.get('lock-file') ?? '').toBe('');
    expect(await tagsOf(world.registry, 'kfp-images-set')).toContain(`commit-${commit}`);
  } finally {
    await rm(inTheWay, { recursive: true });
  }
});
