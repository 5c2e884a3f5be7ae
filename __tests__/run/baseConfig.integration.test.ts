import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { docker } from '../support/engine';
import type { StepResult } from '../support/runner';
import { createWorld, json, step, type World } from './world';

/* What base images do by themselves (ONBUILD, USER, WORKDIR, ENV) counts: with a real engine, through the bundle. */

let world: World;

const demo = 'kfp-images-demo/alpine:3.21';
const bases = {
  onbuild: `FROM ${demo}\nONBUILD COPY config/ /config/\nONBUILD RUN cat /config/a.txt > /seen\n`,
  everything: `FROM ${demo}\nWORKDIR /work\nONBUILD COPY . .\n`,
  user: `FROM ${demo}\nRUN mkdir /cache /mine && chown 1000 /cache /mine\nUSER 1000\n`,
  named: `FROM ${demo}\nRUN mkdir /cache /mine && chown nobody /cache /mine\nUSER nobody\n`,
} as const;
const base = (name: keyof typeof bases): string => `kfp-images-test/base-${name}:1`;

const cached = 'RUN echo "$(id -u)" > /cache/who && cp /cache/who /mine/who';
const catalog = `version: 1
images:
  onbuild: { dockerfile: onbuild/Dockerfile }
  everything: { dockerfile: everything/Dockerfile }
  user: { dockerfile: user/Dockerfile, cacheMounts: [/cache] }
  named: { dockerfile: named/Dockerfile, cacheMounts: [/cache] }
`;

beforeAll(async () => {
  world = await createWorld();
  for (const [name, text] of Object.entries(bases)) {
    const args = ['--quiet', '--provenance=false', '--tag', base(name as keyof typeof bases), '--file', '-'];
    await docker(['buildx', 'build', ...args, world.folder.path], { input: text });
  }
  await world.fork.commit('Images of their own', {
    'kfp-images.yaml': catalog,
    'onbuild/Dockerfile': `FROM ${base('onbuild')}\nCOPY docs/a.md /\n`,
    'everything/Dockerfile': `FROM ${base('everything')}\n`,
    'user/Dockerfile': `FROM ${base('user')} AS b\n${cached}\nFROM ${demo}\nCOPY --from=b /mine/who /\n`,
    'named/Dockerfile': `FROM ${base('named')} AS b\n${cached}\nFROM ${demo}\nCOPY --from=b /mine/who /\n`,
    'config/a.txt': 'one\n',
    'docs/a.md': 'a\n',
    'other/a.md': 'a\n',
  });
});
afterAll(() => world[Symbol.asyncDispose]());

const failed = (result: StepResult): string => result.stdout.slice(0, 20_000);

/** What a run builds of all images, or of those named. */
async function builds(images = 'all'): Promise<readonly string[]> {
  const result = await step(world, { inputs: { images } });
  expect(result.exitCode, failed(result)).toBe(0);
  return [...(json(result, 'built') as readonly string[])].sort();
}

describe('a base image’s own configuration', () => {
  it('builds what docker builds: with the owner of a cache that its user can write to', async () => {
    expect(await builds()).toEqual(['everything', 'named', 'onbuild', 'user']);
  });

  it('what ONBUILD copies counts', async () => {
    await world.fork.commit('What nobody copies by name', { 'other/a.md': 'b\n' });
    expect(await builds()).toEqual(['everything']);
    await world.fork.commit('What ONBUILD copies', { 'config/a.txt': 'two\n' });
    expect(await builds()).toEqual(['everything', 'onbuild']);
  });
});
