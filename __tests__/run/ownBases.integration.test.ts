import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LockFile } from '../../src/types';
import { docker } from '../support/engine';
import type { StepResult } from '../support/runner';
import { contentOf } from './imageContent';
import { createWorld, json, lockIn, step, type World } from './world';

/* Images built on images of the same catalog: with a real engine and a real registry, through the bundle. */

let world: World;

const demo = 'kfp-images-demo/alpine:3.21';

beforeAll(async () => {
  world = await createWorld();
  await world.fork.commit('Images on images', {
    'kfp-images.yaml': `version: 1
images:
  child: { dockerfile: child/Dockerfile }
  base: { dockerfile: base/Dockerfile }
  copier: { dockerfile: copier/Dockerfile }
`,
    'base/Dockerfile': `FROM ${demo}\nCOPY base/a.txt /base.txt\nONBUILD COPY child/b.txt /b.txt\n`,
    'child/Dockerfile': `FROM ${world.registry.path}/base:latest\nRUN cat /base.txt /b.txt > /both.txt\n`,
    'copier/Dockerfile': `ARG R=${world.registry.path}\nFROM $R/child AS c\nFROM ${demo}\nCOPY --from=c /both.txt /\nRUN --mount=from=${world.registry.path}/base,target=/m cp /m/base.txt /copied.txt\n`,
    'base/a.txt': 'one\n',
    'child/b.txt': 'child\n',
  });
});
afterAll(() => world[Symbol.asyncDispose]());

const failed = (result: StepResult): string => result.stdout.slice(0, 20_000);

async function builds(): Promise<readonly string[]> {
  const result = await step(world, { inputs: { images: 'copier' } });
  expect(result.exitCode, failed(result)).toBe(0);
  return [...(json(result, 'built') as readonly string[])].sort();
}

const content = (name: string, path: string): Promise<string | undefined> => contentOf(world.registry, name, path);

it('the first run ever builds them in order, and a change goes all the way up', async () => {
  expect(await builds()).toEqual(['base', 'child', 'copier']);
  await world.fork.commit('Change what the lowest is made from', { 'base/a.txt': 'two\n' });
  expect(await builds()).toEqual(['base', 'child', 'copier']);
  expect(await content('copier', 'both.txt')).toBe('two\nchild\n');
});

it('what stays the same is built on as it is', async () => {
  await world.fork.commit('Change what ONBUILD of the base copies into the child', { 'child/b.txt': 'other\n' });
  expect(await builds()).toEqual(['child', 'copier']);
  expect(await content('copier', 'both.txt')).toBe('two\nother\n');
});

it('more images of a published commit are built on its base as it was published, though what that was made from has moved', async () => {
  // In the engine alone: a tag that moves, as those of registries do.
  const moving = `kfp-images-test/moving-${randomUUID()}:1`;
  const move = (text: string): Promise<string> =>
    docker(['buildx', 'build', '--quiet', '--provenance=false', '--tag', moving, '--file', '-', world.folder.path], {
      input: `FROM ${demo}\nRUN echo ${text} > /moving.txt\n`,
    });
  await move('one');
  const on = (text: string): string =>
    `FROM ${world.registry.path}/bottom\nRUN cat /moving.txt > /${text}.txt && echo ${text} >> /${text}.txt\n`;
  await world.fork.commit('Images on an image that moves', {
    'kfp-images.yaml': `version: 1
images:
  bottom: { dockerfile: bottom/Dockerfile }
  middle: { dockerfile: middle/Dockerfile }
  more: { dockerfile: more/Dockerfile }
`,
    'bottom/Dockerfile': `FROM ${moving}\nRUN echo bottom > /bottom.txt\n`,
    'middle/Dockerfile': on('middle'),
    'more/Dockerfile': on('more'),
  });
  const build = async (images: string): Promise<{ built: unknown; lock: LockFile }> => {
    const result = await step(world, { inputs: { images } });
    expect(result.exitCode, failed(result)).toBe(0);
    return { built: json(result, 'built'), lock: await lockIn(world.fork) };
  };
  const first = await build('middle');
  expect(first.built).toEqual(expect.arrayContaining(['bottom', 'middle']));
  await move('two');
  const second = await build('middle, more');
  expect(second.built).toEqual(['more']);
  expect(second.lock.images).toMatchObject(first.lock.images);
  expect(await content('more', 'more.txt')).toBe('one\nmore\n');
  expect((await build('middle, more')).built).toEqual([]);
  // The next commit takes what has moved, all the way up.
  await world.fork.commit('Write something', { 'notes.txt': 'x\n' });
  expect((await build('middle, more')).built).toEqual(expect.arrayContaining(['bottom', 'middle', 'more']));
  expect(await content('more', 'more.txt')).toBe('two\nmore\n');
});
