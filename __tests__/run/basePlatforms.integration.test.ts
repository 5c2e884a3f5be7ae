import { afterAll, beforeAll, expect, it } from 'vitest';
import { joinPlatforms } from '../../src/publish/joinPlatforms';
import { createMatrixFork } from '../support/matrixFork';
import { testClient } from '../support/registryClient';
import { pushTinyImage } from '../support/releaseSets';
import { openBare, type Bare } from './bare';
import { kfpImages, stackLine } from './world';

/* A base image that is not there for every platform, on a machine that can't build at all. */

let bare: Bare;

beforeAll(async () => {
  bare = await openBare();
  await bare.world.fork.remove();
  bare = { ...bare, world: { ...bare.world, fork: await createMatrixFork() } };
  const { username, password, path } = bare.world.registry;
  const { registry } = testClient({ login: { username, password } });
  const repository = `${path}/base`;
  const digest = await pushTinyImage(registry, { repository, content: 'base', revision: 'none' });
  const manifest = await registry.manifest(repository, digest);
  if (manifest === undefined) throw new Error('it was not pushed');
  const at = { repository, tag: '1', isFree: true };
  await joinPlatforms(registry, at, [{ platform: 'linux/amd64', manifest }], { debug: () => undefined });
  await bare.world.fork.commit('On a base [driver]', {
    'driver/Dockerfile': `ARG TAG=1\nFROM ${repository}:$TAG\nCOPY driver/content /content\n`,
  });
});
afterAll(() => bare.world[Symbol.asyncDispose]());

const build = (...args: readonly string[]): ReturnType<typeof kfpImages> => {
  const { world, gitOnly } = bare;
  const all = ['build', '--images', 'driver', ...args, ...world.target];
  return kfpImages(world.fork.directory, all, { env: { PATH: gitOnly } });
};

it('is named before the first build, with image, platform and line', async () => {
  const ended = await build('--platforms', 'linux/amd64,linux/arm64');
  expect(ended.exitCode).toBe(1);
  expect(ended.stderr).toMatch(
    /driver can't be built for linux\/arm64: its base image \S+\/base:1 \(driver\/Dockerfile:2\) is there for linux\/amd64 only\.\nTake other base images/,
  );
  expect(ended.stderr).not.toMatch(stackLine);
});

it('is an image of the catalog that is built for fewer platforms: also what it only copies from may be', async () => {
  const { path } = bare.world.registry;
  await bare.world.fork.commit('Start from an image of the catalog [driver]', {
    'kfp-images.yaml':
      'version: 1\nimages:\n  driver: { dockerfile: driver/Dockerfile }\n  own: { dockerfile: own/Dockerfile, platforms: [linux/amd64] }\n' +
      '  assets: { dockerfile: own/Assets, platforms: [linux/amd64] }\n',
    'own/Dockerfile': 'FROM scratch\nCOPY driver/content /own\n',
    'own/Assets': 'FROM scratch\nCOPY driver/content /assets\n',
    'driver/Dockerfile': `FROM ${path}/own AS start\nFROM start\nCOPY --from=${path}/assets /assets /assets\n`,
  });
  const ended = await build('--platforms', 'linux/amd64,linux/arm64');
  expect(ended.exitCode).toBe(1);
  expect(ended.stderr).toContain(
    "driver can't be built for linux/arm64: it starts from own (driver/Dockerfile:1), which is built for linux/amd64 only.",
  );
  expect(ended.stderr).not.toContain('assets is there');
  expect(ended.stderr).not.toMatch(/starts from assets/);
});

it('is a warning of a plan', async () => {
  const ended = await build('--platforms', 'linux/arm64', '--dry-run');
  expect(ended.exitCode).toBe(0);
  expect(ended.stderr).toContain("driver can't be built for linux/arm64");
});

it('is not an obstacle for an image that has its own platforms in the catalog', async () => {
  const catalog = 'version: 1\nimages:\n  driver: { dockerfile: driver/Dockerfile, platforms: [linux/amd64] }\n';
  await bare.world.fork.commit('Of its own platforms [driver]', { 'kfp-images.yaml': catalog });
  const ended = await build('--platforms', 'linux/amd64,linux/arm64', '--dry-run');
  expect(ended.stderr).not.toContain("can't be built");
  expect(ended.stderr + ended.stdout).toContain('--platform linux/amd64 ');
});
