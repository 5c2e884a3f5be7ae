import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SourceError } from '../../src/errors';
import { contentKeys } from '../../src/plan/contentKey';
import { readTree } from '../../src/git/gitTree';
import { git } from '../../src/git/gitCommand';
import { escapePath, pathFromBytes, pathToBytes } from '../../src/system/pathText';
import { snapshotWorkspace } from '../../src/git/workspace';
import { createRepository, type TestRepository } from '../support/fork';
import { catalogImage } from '../plan/memoryTree';

let repository: TestRepository;
let commit: string;
let elsewhere: string;

beforeAll(async () => {
  repository = await createRepository();
  elsewhere = await mkdtemp(join(tmpdir(), 'kfp-images-tree-'));
  const { directory } = repository;
  await mkdir(join(directory, 'a'));
  await writeFile(join(directory, 'a', 'run.sh'), '#!/bin/sh\n');
  await chmod(join(directory, 'a', 'run.sh'), 0o755);
  await symlink('../top.txt', join(directory, 'a', 'link'));
  await writeFile(Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xc3, 0x28])]), 'odd');
  await writeFile(join(directory, 'new\nline'), 'line');
  await repository.commit('all', {
    'top.txt': 'top',
    'a-b/x': '1',
    'a/b/x': '2',
    'ünïcode 🚀': 'u',
    Dockerfile: 'FROM x\nCOPY . /\n',
  });
  await repository.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},sub`);
  await repository.git('commit', '--quiet', '--message', 'a submodule');
  commit = await repository.git('rev-parse', 'HEAD');
});

afterAll(async () => {
  await repository.remove();
  await rm(elsewhere, { recursive: true, force: true });
});

describe('a tree', () => {
  it('lists every path as git has it, whatever its bytes', async () => {
    const tree = await readTree(join(repository.directory, 'a'), commit);
    const listed = tree.entries.map(({ mode, path }) => `${mode} ${escapePath(path)}`);
    expect(listed).toEqual([
      '100644 Dockerfile',
      '100644 a-b/x',
      '100644 a/b/x',
      '120000 a/link',
      '100755 a/run.sh',
      '100644 new\\x0aline',
      '160000 sub',
      '100644 top.txt',
      '100644 \\xc3(',
      '100644 ünïcode 🚀',
    ]);
    expect([...tree.links]).toEqual([['a/link', '../top.txt']]);
    expect(tree.directory('a')?.directories).toEqual(['a/b']);
    expect(tree.directory('')?.directories).toEqual(['a-b', 'a']);
    expect(tree.entry('a/run.sh')?.oid).toBe(await repository.git('rev-parse', 'HEAD:a/run.sh'));
    expect([tree.entry('a'), tree.entry('nothing'), tree.directory('nothing')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    await tree.close();
  });

  it('reads contents in rounds, large ones and empty ones among them', async () => {
    const large = 'x'.repeat(3_000_000);
    const files = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`many/${index}`, `content ${index}`]));
    const head = await repository.commit('more', { ...files, large, empty: '' });
    const tree = await readTree(repository.directory, head);
    const read = async (paths: readonly string[]): Promise<readonly string[]> => {
      const found: string[] = [];
      await tree.read(
        paths.map((path) => tree.entry(path)?.oid ?? ''),
        (_, content) => found.push(content.toString()),
      );
      return found;
    };
    const [one, two] = await Promise.all([read(['large', 'empty', 'top.txt']), read(Object.keys(files))]);
    expect(one).toEqual([large, '', 'top']);
    expect(two).toEqual(Object.values(files));
    expect(await read([])).toEqual([]);
    expect(await read(['top.txt', 'top.txt'])).toEqual(['top', 'top']);
    await tree.close();
    await tree.close();
  });

  it('says when an object is not there', async () => {
    const tree = await readTree(repository.directory, commit);
    await expect(tree.read(['1'.repeat(40)], () => undefined)).rejects.toThrow(/partial clone/);
    await tree.close();
  });

  it('is read from a commit and a tree, and not from a bare repository, which a commit can hold', async () => {
    const bare = join(elsewhere, 'bare.git');
    await git(elsewhere, 'clone', ['clone', '--quiet', '--bare', repository.directory, bare]);
    for (const name of [commit, `${commit}^{tree}`]) {
      const tree = await readTree(repository.directory, name);
      expect(tree.entries).toHaveLength(10);
      await tree.close();
      await expect(readTree(bare, name)).rejects.toThrow(/bare\.git is a bare git repository/);
    }
  });

  it.each(['nosuch', '--all', '', 'a\0b'])('that is not there is explained: %s', async (name) => {
    await expect(readTree(repository.directory, name)).rejects.toBeInstanceOf(SourceError);
  });

  it('that a shallow clone lacks says how to get it', async () => {
    const shallow = join(elsewhere, 'shallow');
    await git(elsewhere, 'clone', ['clone', '--quiet', '--depth=1', `file://${repository.directory}`, shallow]);
    await expect(readTree(shallow, commit)).rejects.toThrow(/fetch-depth: 0/);
    await expect(readTree(elsewhere, 'HEAD')).rejects.toThrow(/not in a git repository/);
  });

  it('of a work tree has the same keys as the commit, until a file changes', async () => {
    const images = [catalogImage()];
    const keyOf = async (treeish: string, env = {}): Promise<string | undefined> => {
      const tree = await readTree(repository.directory, treeish, env);
      const keys = await contentKeys(images, tree, { platforms: ['linux/amd64'], baseDigest: () => 'sha256:1' });
      await tree.close();
      return keys.get('driver')?.key;
    };
    const committed = await keyOf('HEAD');
    const clean = await snapshotWorkspace(repository.directory, await mkdtemp(join(elsewhere, 'w-')));
    expect(await keyOf(clean.tree, clean.objectEnv)).toBe(committed);
    await writeFile(join(repository.directory, 'untracked'), 'new');
    const dirty = await snapshotWorkspace(repository.directory, await mkdtemp(join(elsewhere, 'w-')));
    expect(await keyOf(dirty.tree, dirty.objectEnv)).not.toBe(committed);
    expect(await keyOf('HEAD')).toBe(committed);
  });
});

describe('a path as text', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc.string({ unit: 'binary', maxLength: 10 }).map((text) => Buffer.from(text, 'utf8')),
  );

  it('goes back to the same bytes', () => {
    fc.assert(
      fc.property(bytes, (path) => {
        expect(pathToBytes(pathFromBytes(Buffer.from(path))).equals(path)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it('is escaped without two paths becoming the same, on one line', () => {
    fc.assert(
      fc.property(bytes, bytes, (one, two) => {
        const [first, second] = [one, two].map((path) => escapePath(pathFromBytes(Buffer.from(path))));
        expect(first === second).toBe(Buffer.from(one).equals(Buffer.from(two)));
        expect(first).not.toMatch(/[\0-\x1f\x7f\u2028\u2029]/);
        expect(Buffer.from(first ?? '').toString('utf8')).toBe(first);
      }),
      { numRuns: 3000 },
    );
    expect(['a\\x41', 'aA', 'a\x07', 'ü\ud800'].map(escapePath)).toEqual([
      'a\\\\x41',
      'aA',
      'a\\x07',
      'ü\\xef\\xbf\\xbd',
    ]);
  });
});
