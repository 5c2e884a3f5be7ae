import { afterAll, beforeAll, expect, it } from 'vitest';
import { createMatrixFork, matrixImages } from '../support/matrixFork';
import { blobOf, createWorld, kfpImages, lockIn, manifestOf, type Ended, type World } from './world';

/* A commit that is published for one platform, and asked for once more with another. Nothing runs in these images, so nothing is emulated. */

let world: World;

beforeAll(async () => {
  const bare = await createWorld();
  await bare.fork.remove();
  world = { ...bare, fork: await createMatrixFork() };
});
afterAll(() => world[Symbol.asyncDispose]());

async function build(platforms: string): Promise<Ended> {
  const args = ['build', '--images', 'all', '--platforms', platforms, ...world.target];
  const ended = await kfpImages(world.fork.directory, args);
  expect(ended.exitCode === 0 ? '' : ended.stderr).toBe('');
  return ended;
}

async function digests(): Promise<readonly string[]> {
  return Object.values((await lockIn(world.fork)).images).map(({ digest }) => digest);
}

/** Of each image of the set. */
async function architectures(): Promise<readonly string[]> {
  const { images } = await lockIn(world.fork);
  return Promise.all(
    Object.entries(images).map(async ([name, { digest }]) => {
      const { manifest } = await manifestOf(world.registry, name, digest);
      const config = (await blobOf(world.registry, name, manifest.config.digest)) as { readonly architecture: string };
      return config.architecture;
    }),
  );
}

it('is built for the platform that is asked for, with a word on the set that it replaces', async () => {
  await build('linux/amd64');
  const first = await digests();
  expect(await architectures()).toEqual(matrixImages.map(() => 'amd64'));

  const other = await build('linux/arm64');
  expect(other.stderr).toMatch(
    /A run for other platforms replaces what is published for commit [0-9a-f]{40}: driver, /,
  );
  expect(await architectures()).toEqual(matrixImages.map(() => 'arm64'));

  // Built before, so taken from the registry, and the same as then.
  const back = await build('linux/amd64');
  expect(back.stderr).toMatch(/\(0 built, 4 reused/);
  expect(await digests()).toEqual(first);

  const same = await build('linux/amd64');
  expect(same.stderr).not.toContain('replaces what is published');
});
