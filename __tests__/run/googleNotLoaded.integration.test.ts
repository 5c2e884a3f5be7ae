import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startFakeCloud } from '../support/fakeGoogle/cloud';
import type { StepResult } from '../support/runner';
import { createWorld, json, step, type World } from './world';

/* Which of Google's and Sigstore's code a whole run loads. Their packages are left out of the bundle here, so that each load of one can be seen. */

let world: World;
let main: string;
let watch: string;

beforeAll(async () => {
  world = await createWorld();
  main = join(world.folder.path, 'main.cjs');
  watch = join(world.folder.path, 'watch.cjs');
  await build({
    entryPoints: ['src/main.ts'],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile: main,
    external: ['google-auth-library', 'google-gax', '@google-cloud/*', '@sigstore/*'],
    // So that packages are found by NODE_PATH.
    supported: { 'dynamic-import': false },
    logLevel: 'error',
  });
  await writeFile(
    watch,
    `const { appendFileSync } = require('node:fs');
     require('node:module').registerHooks({
       resolve(specifier, context, next) {
         appendFileSync(process.env.LOADED, specifier + '\\n');
         return next(specifier, context);
       },
     });`,
  );
  await world.fork.commit('Speak up [driver]');
});
afterAll(() => world[Symbol.asyncDispose]());

/** The run, and what it loaded that is Google's. */
async function loadedBy(
  name: string,
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly result: StepResult; readonly all: readonly string[]; readonly google: readonly string[] }> {
  const file = join(world.folder.path, `loaded-${name}`);
  await writeFile(file, '');
  const NODE_PATH = join(process.cwd(), 'node_modules');
  const result = await step(world, {
    bundle: main,
    inputs,
    env: { ...env, LOADED: file, NODE_PATH, NODE_OPTIONS: `--require=${watch}` },
  });
  const all = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return { result, all, google: all.filter((line) => /google/.test(line)) };
}

it('none, for a registry that is not Google’s, from the first look to the summary', async () => {
  const { result, all, google } = await loadedBy('other', {}, {});
  expect(result.exitCode).toBe(0);
  expect(json(result, 'built')).toEqual(['driver']);
  expect(all).toContain('node:crypto');
  expect(google).toEqual([]);
  // Nor the packages that signatures take: nothing is signed here.
  expect(all.filter((name) => name.startsWith('@sigstore/'))).toEqual([]);
});

it('its client, for Artifact Registry', async () => {
  await using cloud = await startFakeCloud();
  const inputs = { 'registry-path': cloud.path, 'credentials-json': cloud.keyJson };
  const { result, google } = await loadedBy('google', inputs, cloud.env);
  expect(result.exitCode).toBe(0);
  expect(google).toEqual(
    expect.arrayContaining(['google-auth-library', '@google-cloud/artifact-registry/build/src/v1']),
  );
});
