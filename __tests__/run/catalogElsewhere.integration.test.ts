import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { blobOf, createWorld, lockIn, manifestOf, step, type World } from './world';

/* A catalog that is not in the commit which it is for, and changes after that commit is published. */

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await world.fork.commit('Three images', {
    'a/Dockerfile': 'FROM scratch\nARG WORD=one\nLABEL word=$WORD\n',
    'b/Dockerfile': 'FROM scratch\nLABEL name=b\n',
    'c/Dockerfile': 'FROM scratch\nLABEL name=c\n',
  });
});
afterAll(() => world[Symbol.asyncDispose]());

const file = (): string => join(world.folder.path, 'catalog.yaml');
const catalog = (own: Readonly<Record<string, string>>): Promise<void> => {
  const usual = {
    a: 'dockerfile: a/Dockerfile',
    b: 'dockerfile: b/Dockerfile, bind: { A_IMAGE: a }',
    c: 'dockerfile: c/Dockerfile',
  };
  const images = Object.entries({ ...usual, ...own }).map(([name, text]) => `  ${name}: { ${text} }`);
  return writeFile(file(), `version: 1\nimages:\n${images.join('\n')}\n`);
};
const again = () => step(world, { inputs: { catalog: file(), images: 'all' } });

it('what it says otherwise of a published image does not count for that commit any more, and the plan says so', async () => {
  await catalog({});
  const first = await again();
  expect(first.exitCode, first.stdout).toBe(0);
  const before = await lockIn(world.fork);
  await catalog({ a: 'dockerfile: a/Dockerfile, buildArgs: { WORD: two }' });
  const result = await again();
  expect(result.exitCode, result.stdout).toBe(0);
  expect(result.stdout).toContain(
    'published for this commit already, whatever has changed since, such as base images or a catalog outside of the commit; rebuild: all',
  );
  expect(await lockIn(world.fork)).toEqual(before);
});

it('another binding counts, and the run warns that the set gets another digest; what is bound no more is in the image no more', async () => {
  const before = await lockIn(world.fork);
  await catalog({ b: 'dockerfile: b/Dockerfile, bind: { C_IMAGE: c }' });
  const result = await again();
  expect(result.exitCode, result.stdout).toBe(0);
  expect(result.stdout).toMatch(
    /::warning.*b is bound otherwise than it was published for commit [0-9a-f]{40} \(C_IMAGE=c\): the catalog has changed/,
  );
  const { images } = await lockIn(world.fork);
  expect({ ...images, b: undefined }).toEqual({ ...before.images, b: undefined });
  const { manifest } = await manifestOf(world.registry, 'b', images['b']?.digest ?? '');
  const { config } = (await blobOf(world.registry, 'b', manifest.config.digest)) as {
    config: { Env: readonly string[] };
  };
  const { repository = '', digest = '' } = images['c'] ?? {};
  expect(config.Env.filter((each) => !each.startsWith('PATH='))).toEqual([`C_IMAGE=${repository}@${digest}`]);
  const repeated = await again();
  expect(repeated.stdout).not.toContain('::warning');
  expect((await lockIn(world.fork)).images).toEqual(images);
});

it('a binding that is taken away wholly counts as well, with the same warning, and the image is as it was before binding', async () => {
  const before = await lockIn(world.fork);
  await catalog({ b: 'dockerfile: b/Dockerfile' });
  const result = await again();
  expect(result.exitCode, result.stdout).toBe(0);
  expect(result.stdout).toMatch(
    /::warning.*b is bound otherwise than it was published for commit [0-9a-f]{40} \(it binds nothing\): the catalog has changed/,
  );
  const { images } = await lockIn(world.fork);
  expect({ ...images, b: undefined }).toEqual({ ...before.images, b: undefined });
  expect(images['b']?.digest).not.toBe(before.images['b']?.digest);
  const { manifest } = await manifestOf(world.registry, 'b', images['b']?.digest ?? '');
  const { config } = (await blobOf(world.registry, 'b', manifest.config.digest)) as {
    config: { Env?: readonly string[] };
  };
  expect((config.Env ?? []).filter((each) => !each.startsWith('PATH='))).toEqual([]);
  const repeated = await again();
  expect(repeated.stdout).not.toContain('::warning');
  expect((await lockIn(world.fork)).images).toEqual(images);
});
