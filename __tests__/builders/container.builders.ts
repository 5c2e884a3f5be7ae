import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../src/system/exec';
import { createWorld, kfpImages, lockIn, tagsOf, type Ended, type World } from '../run/world';
import { ensureBaseImage } from '../support/baseImages';
import { docker } from '../support/engine';
import { createMatrixFork, matrixFiles, matrixImages } from '../support/matrixFork';
import { dockerConfig } from '../support/registry';
import { createBuilder, program, startBuildkitd } from './buildkitd';

/*
 * A builder in a container of the engine (driver docker-container), as docker/setup-buildx-action makes it: started by its first build, with a
 * store that the engine does not see. Its image is made here of the same buildkitd as elsewhere.
 */

const image = 'kfp-images-test/buildkit:1';
const base = 'kfp-images-test/builders:1';

let world: World;
let config: string;
const builders = ['one', 'two'].map((name) => `kfp-images-test-${String(process.pid)}-${name}`);
const [one = '', two = ''] = builders;

/** A program, and the libraries that it loads: path in an image → path here. */
async function withLibraries(target: string, source: string): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await run({ command: 'ldd', args: [source] });
  const libraries = [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
  return {
    [target]: source,
    ...Object.fromEntries(await Promise.all(libraries.map(async (path) => [path, await realpath(path)] as const))),
  };
}

beforeAll(async () => {
  const bare = await createWorld({ engine: false });
  await bare.fork.remove();
  world = { ...bare, fork: await createMatrixFork() };
  config = join(world.folder.path, 'buildx');
  const parts = `${image}-parts`;
  await ensureBaseImage(parts, {
    '/usr/bin/buildkitd': program('KFP_IMAGES_BUILDKITD'),
    '/usr/bin/buildctl': program('KFP_IMAGES_BUILDCTL'),
    ...(await withLibraries('/usr/bin/buildkit-runc', program('KFP_IMAGES_RUNC'))),
  });
  await docker(['buildx', 'build', '--quiet', '--provenance=false', '--tag', image, '--file', '-', world.folder.path], {
    input: `FROM ${parts}\nENTRYPOINT ["buildkitd"]\n`,
  });
  // The registry is on this machine's loopback.
  for (const name of builders) {
    const options = ['--driver-opt', `image=${image}`, '--driver-opt', 'network=host'];
    await docker(['buildx', 'create', '--name', name, '--driver', 'docker-container', ...options], {
      env: { BUILDX_CONFIG: config },
    });
  }
});
afterAll(async () => {
  for (const name of builders) {
    await docker(['buildx', 'rm', '--force', name], { env: { BUILDX_CONFIG: config } });
  }
  await world[Symbol.asyncDispose]();
});

const call = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  kfpImages(world.fork.directory, args, { env: { BUILDX_CONFIG: config, ...env } });

/** Builds and publishes; gives what was said, and the digest of each image. */
async function build(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly said: string; readonly digests: Readonly<Record<string, string>> }> {
  const ended = await call(['build', '--images', 'all', ...args, ...world.target], env);
  expect(ended.exitCode === 0 ? '' : ended.stderr).toBe('');
  const { images } = await lockIn(world.fork);
  const digests = Object.fromEntries(Object.entries(images).map(([name, { digest }]) => [name, digest]));
  return { said: ended.stdout + ended.stderr, digests };
}

it('builds where no build has started it yet, by its name or as the one that buildx uses', async () => {
  const named = await build(['--builder', one]);
  expect(Object.keys(named.digests).sort()).toEqual([...matrixImages].sort());
  for (const name of matrixImages) {
    expect((await tagsOf(world.registry, name)).map((tag) => tag.replace(/-.*/, '')).sort()).toEqual(['commit', 'key']);
  }
  const used = await build(['--rebuild', 'all'], { BUILDX_BUILDER: two });
  expect(used.digests).toEqual(named.digests);

  await using remote = await startBuildkitd(join(world.folder.path, 'remote'));
  await createBuilder(config, 'remote', [remote]);
  expect((await build(['--builder', 'remote', '--rebuild', 'all'])).digests).toEqual(named.digests);
});

it('gives what it has built to the engine, bound to each other by name', async () => {
  await world.fork.commit('Into the engine [backend-all]', matrixFiles('2'));
  const ended = await call(['build', '--images', 'all', '--builder', one, '--push=false']);
  expect(ended.exitCode === 0 ? '' : ended.stderr).toBe('');
  const tag = `commit-${await world.fork.git('rev-parse', 'HEAD')}`;
  for (const name of matrixImages) {
    expect(await docker(['image', 'inspect', '--format', '{{.Os}}', `${name}:${tag}`])).toBe('linux');
    await docker(['image', 'rm', `${name}:${tag}`]);
  }
});

it('starts its cache mounts from what another one has left in the registry', async () => {
  await ensureBaseImage(base);
  const named = `${world.registry.path}/base:1`;
  await docker(['tag', base, named]);
  await docker(['push', '--quiet', named], {
    env: { DOCKER_CONFIG: await dockerConfig(world.registry, world.folder.path) },
  });
  await docker(['image', 'rm', named]);
  // Fails without the cache where `must` says that there is one.
  const dockerfile = (must: string): string =>
    `FROM ${named} AS builder\nRUN if [ ! -e /cache/compiled ]; then ${must}sleep 5; echo yes >/cache/compiled; fi; cp /cache/compiled /out\nFROM scratch\nCOPY --from=builder /out /\nCOPY driver/content /\n`;
  const catalog = 'version: 1\nimages:\n  driver: { dockerfile: driver/Dockerfile, cacheMounts: [/cache] }\n';
  await world.fork.commit('Compile [driver]', { 'kfp-images.yaml': catalog, 'driver/Dockerfile': dockerfile('') });
  expect((await build(['--builder', one])).said).toMatch(/\/cache is in the registry for later builds: /);

  await world.fork.commit('Compiled [driver]', { 'driver/Dockerfile': dockerfile('exit 1; ') });
  expect((await build(['--builder', two])).said).toMatch(/\/cache starts from \S+kfp-images-cache@sha256:/);
});
