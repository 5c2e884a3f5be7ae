import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../src/system/exec';
import { ensureBaseImage } from '../support/baseImages';
import { imageStore, tempDir, type TempDir } from '../support/engine';
import { createRepository, type TestRepository } from '../support/fork';
import { startRegistry, type TestRegistry } from '../support/registry';
import { kfpImages, lockIn, manifestOf, tagsOf } from './world';

/*
 * A machine that has never built: each clone of the fork has a name of its own, which is part of what names its cache mounts, so the engine has
 * none of them.
 */

/**
 * A compiler in shell: slow for what it has not compiled yet, as many seconds as the first line says, and it fails where it lacks what it must
 * have.
 */
const compiler = `set -e
cache=/var/cache/ccache
mkdir -p $cache
for unit in /src/*.unit; do
  object=$cache/$(sha256sum $unit | cut -c1-64)
  if [ ! -e $object ]; then
    if grep -q $unit /src/must; then echo "lacks $unit"; exit 1; fi
    sleep $(head -n 1 $unit)
    tr a-z A-Z < $unit > $object
  fi
  cat $object >> /out
done
`;
const base = 'kfp-images-test/build:1';
const stamp = String(Date.now());
const unit = (name: string, seconds: number): string => `${seconds}\n${name} ${stamp}\n`;
/** A seed is written again by what took a fifth of what it saves: far more than that, however busy the first build found this machine. */
const long = 8;

let registry: TestRegistry;
let fork: TestRepository;
let folder: TempDir;

beforeAll(async () => {
  await ensureBaseImage(base);
  registry = await startRegistry();
  folder = await tempDir();
  await writeFile(join(folder.path, 'key.json'), registry.keyJson);
  fork = await createRepository();
  await fork.commit('Begin', {
    'src/a.unit': unit('a', 4),
    'src/compile': compiler,
    'src/must': '',
    Dockerfile: `FROM ${base} AS builder\nCOPY src /src\nRUN sh /src/compile\nFROM ${base}\nCOPY --from=builder /out /\n`,
    'kfp-images.yaml':
      'version: 1\nimages:\n  driver:\n    dockerfile: Dockerfile\n    cacheMounts: [/var/cache/ccache]\n',
  });
});
afterAll(async () => {
  await fork.remove();
  await folder.remove();
  await registry.stop();
});

let clones = 0;

/** Builds in a new clone; gives what was said, and the digest. */
async function build(...more: readonly string[]): Promise<{ readonly said: string; readonly digest: string }> {
  return buildIn(await clone(), more);
}

async function clone(): Promise<string> {
  const directory = join(folder.path, `clone-${stamp}-${++clones}`);
  await run({ command: 'git', args: ['clone', '--quiet', fork.directory, directory] });
  return directory;
}

async function buildIn(
  directory: string,
  more: readonly string[] = [],
): Promise<{ readonly said: string; readonly digest: string }> {
  const args = ['--registry-path', registry.path, '--credentials-json', join(folder.path, 'key.json'), ...more];
  const ended = await kfpImages(directory, ['build', '--images', 'all', '--rebuild', 'all', ...args]);
  const said = ended.stdout + ended.stderr;
  if (ended.exitCode !== 0) throw new Error(said);
  return { said, digest: (await lockIn({ ...fork, directory })).images['driver']?.digest ?? '' };
}

/** The one seed in the registry. */
async function stored(): Promise<{ readonly tag: string; readonly layers: readonly string[] }> {
  const [tag = ''] = await tagsOf(registry, 'kfp-images-cache');
  const { manifest } = await manifestOf(registry, 'kfp-images-cache', tag);
  return { tag, layers: manifest.layers.map(({ digest }) => digest) };
}

/** Where the registry keeps a blob. */
const blobFile = (digest: string): string => {
  const hex = digest.slice('sha256:'.length);
  return join(registry.dataDir, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data');
};

it('what one machine has compiled, another finds, and the image is the same', async () => {
  const first = await build();
  expect(first.said).toMatch(/\/var\/cache\/ccache is in the registry for later builds: \S+kfp-images-cache@sha256:/);
  const { layers } = await stored();
  expect(layers).toHaveLength(1);

  const second = await build();
  expect(second.said).toMatch(/\/var\/cache\/ccache starts from \S+kfp-images-cache@sha256:[0-9a-f]{64} \(of main, /);
  // It had nothing to add.
  expect((await stored()).layers).toEqual(layers);
  if ((await imageStore()) === 'containerd') expect(second.digest).toBe(first.digest);

  await fork.commit('More', { 'src/b.unit': unit('b', long), 'src/must': '/src/a.unit\n' });
  await build();
  expect((await stored()).layers).toEqual([...layers, expect.any(String)]);
  await expect(build('--cache', 'none')).rejects.toThrow('lacks /src/a.unit');
});

it('where a named context stands for the base image, caches are written too', async () => {
  const nowhere = 'nowhere.invalid/build:1';
  await fork.commit('Replace the base', {
    'src/d.unit': unit('d', long),
    'src/must': '',
    Dockerfile: `FROM ${nowhere} AS builder\nCOPY src /src\nRUN sh /src/compile\nFROM ${nowhere}\nCOPY --from=builder /out /\n`,
    'kfp-images.yaml':
      'version: 1\nimages:\n  driver:\n    dockerfile: Dockerfile\n    cacheMounts: [/var/cache/ccache]\n' +
      `    buildContexts: { '${nowhere}': 'docker-image://${base}' }\n`,
  });
  const { said } = await build();
  expect(said).toMatch(/\/var\/cache\/ccache is in the registry for later builds: /);
});

it('a seed that is damaged in the registry is left, and the log says so', async () => {
  // The engine has the layers of the ones before; this one it has to pull.
  await fork.commit('Yet more', { 'src/c.unit': unit('c', long), 'src/must': '' });
  await build();
  const { layers } = await stored();
  const file = blobFile(layers.at(-1) ?? '');
  // The classic image store tries other bytes than it was promised for minutes, so there the layer is gone.
  if ((await imageStore()) === 'containerd') await writeFile(file, 'not what it was');
  else await rm(file);
  const { said } = await build();
  expect(said).toMatch(
    /A cache of the registry could not be used, so this run builds without: |is not whole in the registry/,
  );
});

it('a checkout on no branch writes none, and says so', async () => {
  await fork.commit('On no branch', { 'src/e.unit': unit('e', long), 'src/must': '' });
  const directory = await clone();
  await run({ command: 'git', args: ['checkout', '--quiet', '--detach'], cwd: directory });
  const { said } = await buildIn(directory);
  expect(said).toContain('No cache is written for later builds: caches belong to branches');
  expect(said).not.toContain('is in the registry for later builds');
});
