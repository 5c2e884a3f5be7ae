import { createHash } from 'node:crypto';
import { lstat, readFile, readdir, readlink, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kfpCatalog } from '../../src/catalog/kfp';
import { readCatalog } from '../../src/catalog/parseCatalog';
import { readTree } from '../../src/git/gitTree';
import { buildTreeOf } from '../../src/plan/buildTree';
import { contentKeys } from '../../src/plan/contentKey';
import { escapePath } from '../../src/system/pathText';
import type { Catalog } from '../../src/types';
import type { StepResult } from '../support/runner';
import { before, createWorld, json, programs, stackLine, step, tagsOf, whereIs, type World } from './world';

/* A build sees the files of its content key, and nothing else: with a real engine, through the bundle. */

let world: World;

beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

/** A docker that keeps a copy of the tree of each build by its image's name, and is docker. */
async function keepingDocker(): Promise<{ readonly path: string; tree(image: string): string }> {
  const script = `here=$(dirname "$0")
name=
for word in "$@"; do
  case $word in */metadata/*.json) name=$(basename "$word" .json) ;; esac
done
[ -z "$name" ] || cp -a . "$here/tree-$name"
exec ${await whereIs('docker')} "$@"`;
  const bin = await programs(world.folder.path, { docker: script });
  return { path: before(bin), tree: (image) => join(bin, `tree-${image}`) };
}

/** `PATH MODE OID` of every file, as git would write them, and each folder that holds nothing. */
async function listed(folder: string, below = ''): Promise<readonly string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true });
  if (entries.length === 0 && below !== '') return [`${below} empty`];
  const lines = entries.map(async (entry) => {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) return listed(folder, path);
    const file = join(folder, path);
    const content = entry.isSymbolicLink() ? Buffer.from(await readlink(file)) : await readFile(file);
    const mode = entry.isSymbolicLink() ? '120000' : (await lstat(file)).mode.toString(8);
    const oid = createHash('sha1')
      .update(`blob ${String(content.length)}\0`)
      .update(content)
      .digest('hex');
    return [`${path} ${mode} ${oid}`];
  });
  return (await Promise.all(lines)).flat().sort();
}

/** The same of the content keys at HEAD. */
async function keyed(catalog: Catalog): Promise<ReadonlyMap<string, readonly string[]>> {
  const tree = await readTree(world.fork.directory, 'HEAD');
  const images = [...catalog.images.values()];
  const options = { platforms: ['linux/amd64'], baseDigest: () => undefined };
  const keys = await contentKeys(images, tree, options).finally(() => tree.close());
  return new Map(
    [...keys].map(([name, key]) => {
      const { files, folders } = buildTreeOf(key);
      const lines = files.map(({ path, mode, oid }) =>
        mode === '160000' ? `${path} empty` : `${path} ${mode} ${oid}`,
      );
      for (const line of files)
        expect(key.lines.concat(key.contextLines)).toContain(`file ${escapePath(line.path)}\t${line.mode} ${line.oid}`);
      return [name, [...lines, ...folders.map((path) => `${path} empty`)].sort()];
    }),
  );
}

const failed = (result: StepResult): string => result.stdout.slice(0, 20_000);

it('every image of a fork of Kubeflow Pipelines gets exactly the files of its key', async () => {
  await world.fork.commit('Build all [backend-all]', { 'docs/more.md': 'More.\n' });
  const docker = await keepingDocker();
  const result = await step(world, { env: { PATH: docker.path } });
  expect(result.exitCode, failed(result)).toBe(0);
  const keys = await keyed(kfpCatalog);
  expect(keys.size).toBe(8);
  for (const [name, files] of keys) {
    expect(await listed(docker.tree(name)), name).toEqual(files);
    expect(files.join()).not.toContain('docs/more.md');
  }
});

describe('a catalog of its own', () => {
  const catalog = (web: string): string => `version: 1
images:
  web: { dockerfile: web/Dockerfile, inputs: ${web} }
  odd: { dockerfile: odd/Dockerfile, context: odd-link }
  every: { dockerfile: all/Dockerfile, context: web, inputs: context }
`;
  const files = {
    'kfp-images.yaml': catalog('{ paths: [web/src/**] }'),
    'web/Dockerfile':
      'FROM kfp-images-demo/alpine:3.21\nWORKDIR /app\nCOPY . .\nRUN cat web/src/a.txt\nRUN cat web/data/list.txt > /list\n',
    'web/src/a.txt': 'a\n',
    'web/data/list.txt': 'one\n',
    'odd/Dockerfile':
      'FROM kfp-images-demo/alpine:3.21\nCOPY run.sh crlf.txt /odd/\nCOPY hidden/ /odd/hidden/\nCOPY twin /odd/\n',
    'odd/.dockerignore': 'hidden/**\n',
    'odd/hidden/secret.txt': 'secret\n',
    'odd/run.sh': '#!/bin/sh\n',
    'odd/crlf.txt': 'a\r\nb\n',
    'odd/twin': '#!/bin/sh\n',
    '.gitattributes': '*.txt text=auto eol=crlf\n',
    'all/Dockerfile': 'FROM kfp-images-demo/alpine:3.21\nCOPY src /src\n',
  };

  beforeAll(async () => {
    await world.fork.git('config', 'core.autocrlf', 'false');
    await symlink('odd', join(world.fork.directory, 'odd-link'));
    await world.fork.commit('Three images', files);
  });

  it('a file that no one saw is missing: the build fails, nothing is published, and the line to write is there', async () => {
    const result = await step(world, { inputs: { images: 'web' } });
    expect(result.exitCode, failed(result)).toBe(1);
    expect(result.stdout).toContain('The commit has web/data/list.txt, which the build of web did not get');
    expect(result.stdout).toContain('inputs: { paths: [web/src/**, web/data/list.txt] }');
    expect(result.stdout).not.toMatch(stackLine);
    expect(await tagsOf(world.registry, 'web')).toEqual([]);
  });

  it('with that line it is built, and a change of the file builds it again', async () => {
    await world.fork.commit('Name it', { 'kfp-images.yaml': catalog('{ paths: [web/src/**, web/data/list.txt] }') });
    const first = await step(world, { inputs: { images: 'web' } });
    expect(first.exitCode, failed(first)).toBe(0);
    expect(json(first, 'built')).toEqual(['web']);
    await world.fork.commit('Change it', { 'web/data/list.txt': 'two\n' });
    const second = await step(world, { inputs: { images: 'web' } });
    expect(json(second, 'built')).toEqual(['web']);
    await world.fork.commit('Change another', { 'web/data/other.txt': 'x\n' });
    const third = await step(world, { inputs: { images: 'web' } });
    expect(json(third, 'reused')).toEqual(['web']);
  });

  it('all are built from exactly the files of their keys, byte by byte, whatever attributes and links say', async () => {
    const docker = await keepingDocker();
    const result = await step(world, { inputs: { images: 'all', rebuild: 'all' }, env: { PATH: docker.path } });
    expect(result.exitCode, failed(result)).toBe(0);
    const text = await readFile(join(world.fork.directory, 'kfp-images.yaml'), 'utf8');
    const keys = await keyed(await readCatalog(text, 'kfp-images.yaml'));
    for (const [name, expected] of keys) expect(await listed(docker.tree(name)), name).toEqual(expected);
    expect(keys.get('odd')).toEqual(
      expect.arrayContaining([expect.stringMatching(/^odd\/crlf.txt 100644 /), 'odd/hidden empty']),
    );
    expect(keys.get('every')?.join()).toContain('web/data/other.txt');
  });

  it('so is a work tree as it is there', async () => {
    const docker = await keepingDocker();
    const inputs = { images: 'all', context: 'workspace', rebuild: 'all' };
    const result = await step(world, { inputs, env: { PATH: docker.path } });
    expect(result.exitCode, failed(result)).toBe(0);
    const keys = await keyed(
      await readCatalog(await readFile(join(world.fork.directory, 'kfp-images.yaml'), 'utf8'), 'c'),
    );
    expect(await listed(docker.tree('every'))).toEqual(keys.get('every'));
  });
});

describe('a link of the commit that leads to a folder of this machine', () => {
  it.each([
    ['the context', 'leak: { dockerfile: leak/Dockerfile, context: leak/out }'],
    ['the Dockerfile', 'leak: { dockerfile: leak/out/Dockerfile }'],
  ])('%s is never given to a build', async (_, image) => {
    const { fork, folder } = world;
    await fork.commit('Leak', {
      'kfp-images.yaml': `version: 1\nimages:\n  ${image}\n`,
      'leak/Dockerfile': 'FROM kfp-images-demo/alpine:3.21\nCOPY . /all\n',
    });
    await symlink(folder.path, join(fork.directory, 'leak/out'));
    await fork.commit('Lead out');
    const result = await step(world, { inputs: { images: 'leak' } });
    expect(result.exitCode).toBe(1);
    expect(result.stdout).toMatch(/leak\/out\S* is a link, or is below one, that leads out of the repository/);
    expect(result.stdout).not.toMatch(stackLine);
    await fork.commit('Take it away', { 'leak/out': undefined });
  });

  it('a catalog is not read through one', async () => {
    const { fork, folder } = world;
    await symlink(join(folder.path, 'key.json'), join(fork.directory, 'linked.yaml'));
    await fork.commit('Link the catalog');
    const result = await step(world, { inputs: { images: 'web', catalog: 'linked.yaml' } });
    expect(result.exitCode, failed(result)).toBe(2);
    expect(result.stdout).toContain('is a link that leads out of the repository');
    expect(result.stdout).not.toContain('private_key');
  });
});
