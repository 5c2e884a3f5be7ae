import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { demoBaseImages } from '../../demo/baseImages';
import { run } from '../../src/system/exec';
import { tempDir } from '../support/engine';
import { startFaultProxy, type FaultProxy } from '../support/faultProxy';
import { createRepository } from '../support/fork';
import { startRegistry, type TestRegistry } from '../support/registry';
import { SecretSearch } from './secrets';

/** What whole runs are played on: a real registry behind a proxy of its own, and clones of one fork. */
export interface WholeGround extends AsyncDisposable {
  readonly registry: TestRegistry;
  readonly proxy: FaultProxy;
  readonly folder: string;
  readonly secrets: SecretSearch;
  /** Work trees, as many as runs may be at once. */
  readonly clones: readonly string[];
  /** The commits of the fork, oldest first: `0b`, then `1a`, `1b`, `2a`, `2b`, …: two for each seed. */
  readonly commits: ReadonlyMap<string, string>;
  /** Blobs of the registry that hold a part of the key; each is looked at once. */
  leakingBlobs(): Promise<readonly string[]>;
}

/** In characters of base64: PKCS #8's and RSA's own words before the modulus of 2048 bits. */
const headLength = 52;

const base = 'kfp-images-demo/alpine:3.21';

/** A small fork whose driver takes a second to build. `salt`: no engine has built it before. */
const files = (salt: string): Readonly<Record<string, string>> => ({
  'kfp-images.yaml': [
    'version: 1',
    'images:',
    '  driver: { dockerfile: Dockerfile.driver }',
    '  launcher: { dockerfile: Dockerfile.launcher }',
    '  apiserver: { dockerfile: Dockerfile, bind: { V2_DRIVER_IMAGE: driver, V2_LAUNCHER_IMAGE: launcher } }',
    '',
  ].join('\n'),
  'Dockerfile.driver': `FROM ${base}\nCOPY driver.txt /\nRUN sleep 1 && echo ${salt}\n`,
  'Dockerfile.launcher': `FROM ${base}\nCOPY launcher.txt /\nRUN echo ${salt}\n`,
  Dockerfile: `FROM ${base}\nCOPY apiserver.txt /\nRUN echo ${salt}\n`,
  ...Object.fromEntries(['driver', 'launcher', 'apiserver'].map((name) => [`${name}.txt`, '0b\n'])),
});

/** Every commit has another driver, every third another launcher, every fourth another apiserver. */
export async function startWholeGround(seeds: number): Promise<WholeGround> {
  const folder = await tempDir();
  const [registry, fork] = await Promise.all([startRegistry(), createRepository(), demoBaseImages()]);
  const commits = new Map([['0b', await fork.commit('Begin [apiserver]', files(randomUUID()))]]);
  for (let seed = 1; seed <= seeds; seed++) {
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
  const proxy = await startFaultProxy(registry.host);
  const secrets = new SecretSearch();
  const key = JSON.parse(registry.keyJson) as { readonly private_key: string; readonly private_key_id: string };
  const lines = key.private_key.split('\n').filter((text) => !text.startsWith('-----'));
  // What a key of this kind begins with is the same in all: another test's would be taken for this one.
  for (const [index, text] of lines.entries()) secrets.add(index === 0 ? text.slice(headLength) : text);
  secrets.add(key.private_key_id);
  const seen = new Set<string>();
  return {
    ...{ registry, proxy, folder: folder.path, secrets, clones, commits },
    leakingBlobs: async () => {
      const top = join(registry.dataDir, 'docker/registry/v2/blobs/sha256');
      const blobs = (await readdir(top, { recursive: true })).filter(
        (path) => path.endsWith('/data') && !seen.has(path),
      );
      const leaking: string[] = [];
      for (const path of blobs) {
        seen.add(path);
        const bytes = await readFile(join(top, path));
        const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
        if (secrets.find(isGzip ? gunzipSync(bytes) : bytes) !== undefined) leaking.push(path);
      }
      return leaking;
    },
    [Symbol.asyncDispose]: async () => {
      await proxy.close();
      await Promise.all([registry.stop(), fork.remove(), folder.remove()]);
    },
  };
}
