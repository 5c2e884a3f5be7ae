import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { demoBaseImages } from '../../demo/baseImages';
import { run } from '../../src/system/exec';
import { tempDir } from '../support/engine';
import { createRepository } from '../support/fork';
import { startEngineProxy, type EngineProxy } from './engineProxy';
import { privateEngine, type PrivateEngine } from './privateEngine';
import { SecretSearch } from './secrets';
import { secretsOfKey, startEndToEndRegistry, type EndToEndRegistry } from './endToEndRegistry';
import type { EndToEndScenario } from './endToEndScenario';

/** What whole runs are played on: real registries, a way to the engine, and clones of one fork. */
export interface EndToEndFixture extends AsyncDisposable {
  on(auth: EndToEndScenario['auth']): EndToEndRegistry;
  /** The way to the engine that runs take. */
  readonly engine: EngineProxy;
  /** undefined: it may not be stopped. */
  readonly privateEngine: PrivateEngine | undefined;
  readonly folder: string;
  /** Of the keys and of every token so far. */
  secrets(): SecretSearch;
  /** Work trees, as many as runs may be at once. */
  readonly clones: readonly string[];
  /** The commits of the fork, oldest first: `0b`, then `1a`, `1b`, `2a`, `2b`, …: two for each seed, and the one before. */
  readonly commits: ReadonlyMap<string, string>;
}

const base = 'kfp-images-demo/alpine:3.21';

/** The step in which a build spends its time, as BuildKit names it. */
export const longStep = 'RUN sleep 1';

/** A small fork whose driver takes a second to build. `salt`: no engine has built it before. */
const files = (salt: string, name: string): Readonly<Record<string, string>> => ({
  'kfp-images.yaml': [
    'version: 1',
    'images:',
    '  driver: { dockerfile: Dockerfile.driver }',
    '  launcher: { dockerfile: Dockerfile.launcher }',
    '  apiserver: { dockerfile: Dockerfile, bind: { V2_DRIVER_IMAGE: driver, V2_LAUNCHER_IMAGE: launcher } }',
    '',
  ].join('\n'),
  'Dockerfile.driver': `FROM ${base}\nCOPY driver.txt /\n${longStep} && echo ${salt}\n`,
  'Dockerfile.launcher': `FROM ${base}\nCOPY launcher.txt /\nRUN echo ${salt}\n`,
  Dockerfile: `FROM ${base}\nCOPY apiserver.txt /\nRUN echo ${salt}\n`,
  ...Object.fromEntries(['driver', 'launcher', 'apiserver'].map((image) => [`${image}.txt`, `${name}\n`])),
});

/** For neighbouring seeds, in their order. Every commit has another driver, every third another launcher, every fourth another apiserver. */
export async function startEndToEndFixture(seeds: readonly number[]): Promise<EndToEndFixture> {
  const folder = await tempDir();
  const sockets = join(folder.path, 'engine');
  await mkdir(sockets);
  const [htpasswd, token, engine, fork] = await Promise.all([
    startEndToEndRegistry('htpasswd', join(folder.path, 'htpasswd')),
    startEndToEndRegistry('token', join(folder.path, 'token')),
    startEngineProxy(sockets),
    createRepository(),
    demoBaseImages(),
  ]);
  const before = `${(seeds[0] ?? 1) - 1}b`;
  const commits = new Map([[before, await fork.commit('Begin [apiserver]', files(randomUUID(), before))]]);
  for (const seed of seeds) {
    for (const half of ['a', 'b']) {
      const name = `${seed}${half}`;
      const changed = ['driver', ...(seed % 3 === 0 ? ['launcher'] : []), ...(seed % 4 === 0 ? ['apiserver'] : [])];
      const content = Object.fromEntries(changed.map((image) => [`${image}.txt`, `${name}\n`]));
      commits.set(name, await fork.commit('Go on [apiserver]', content));
    }
  }
  const clones = [join(folder.path, 'one'), join(folder.path, 'two')];
  for (const clone of clones) {
    const { exitCode, stderr } = await run({ command: 'git', args: ['clone', '--quiet', fork.directory, clone] });
    if (exitCode !== 0) throw new Error(`git clone: ${stderr}`);
  }
  const search = new SecretSearch();
  for (const { registry } of [htpasswd, token]) for (const text of secretsOfKey(registry.keyJson)) search.add(text);
  let known = 0;
  return {
    ...{ engine, privateEngine: await privateEngine(), folder: folder.path, clones, commits },
    on: (auth) => (auth === 'token' ? token : htpasswd),
    secrets: () => {
      // The signature: what makes it a token.
      for (const issued of token.tokens.slice(known)) search.add(issued.slice(issued.lastIndexOf('.') + 1));
      known = token.tokens.length;
      return search;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([htpasswd, token, engine].map((each) => each[Symbol.asyncDispose]()));
      await Promise.all([fork.remove(), folder.remove()]);
    },
  };
}
