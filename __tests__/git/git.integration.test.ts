import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SourceError } from '../../src/errors';
import * as git from '../../src/git/git';
import { git as callGit } from '../../src/git/gitCommand';
import { createRepository, type TestRepository } from '../support/fork';

let repository: TestRepository;
let elsewhere: string;
let first: string;
let second: string;

beforeAll(async () => {
  repository = await createRepository();
  elsewhere = await mkdtemp(join(tmpdir(), 'kfp-images-git-'));
  first = await repository.commit('Erster Satz: äöü 🚀\n\nBody [driver]\n\nlast line\n', { 'a/b.txt': 'one' });
  second = await repository.commit('second', { 'a/b.txt': 'two' });
});

afterAll(async () => {
  await repository.remove();
  await rm(elsewhere, { recursive: true, force: true });
});

async function clone(...options: string[]): Promise<string> {
  const folder = await mkdtemp(join(elsewhere, 'clone-'));
  await callGit(elsewhere, 'clone', ['clone', '--quiet', ...options, `file://${repository.directory}`, folder]);
  return folder;
}

describe('a repository is asked', () => {
  it('for its top folder and git directory, from below', async () => {
    const below = join(repository.directory, 'a');
    expect(await git.topLevel(below)).toBe(repository.directory);
  });

  it('for commits by whatever name', async () => {
    await repository.git('tag', '--annotate', '--message', 'x', 'v1', first);
    for (const name of ['v1', 'HEAD~1', first.slice(0, 10), 'main^', first]) {
      expect(await git.resolveCommit(repository.directory, name)).toBe(first);
    }
  });

  it('for message and date', async () => {
    expect(await git.commitMessage(repository.directory, first)).toBe(
      'Erster Satz: äöü 🚀\n\nBody [driver]\n\nlast line',
    );
    expect(await git.commitMessage(repository.directory, 'HEAD')).toBe('second');
    const dates = [
      await git.commitDate(repository.directory, first),
      await git.commitDate(repository.directory, second),
    ];
    expect(dates[1]).toBe((dates[0] ?? 0) + 60);
  });

  it('for its branch', async () => {
    expect(await git.currentBranch(repository.directory)).toBe('main');
    const folder = await clone();
    await callGit(folder, 'branch', ['checkout', '--quiet', '-b', 'feature/x']);
    expect(await git.currentBranch(folder)).toBe('feature/x');
    await callGit(folder, 'detach', ['checkout', '--quiet', '--detach']);
    expect(await git.currentBranch(folder)).toBeUndefined();
  });

  it('for ancestry', async () => {
    const { directory } = repository;
    expect(await git.isAncestor(directory, first, second)).toBe('yes');
    expect(await git.isAncestor(directory, second, second)).toBe('yes');
    expect(await git.isAncestor(directory, second, first)).toBe('no');
    expect(await git.isAncestor(directory, '1'.repeat(40), second)).toBe('unknown');
    expect(await git.isAncestor(directory, 'main', second)).toBe('unknown');
  });

  it('for ancestry in a clone that lacks history', async () => {
    const folder = await clone('--depth=1');
    expect(await git.isShallow(folder)).toBe(true);
    expect(await git.isShallow(repository.directory)).toBe(false);
    // The older commit is not there; nobody can say what it is to the newer one.
    expect(await git.isAncestor(folder, first, second)).toBe('unknown');
    const third = await repository.commit('third');
    await repository.git('checkout', '--quiet', '--orphan', 'other');
    const other = await repository.commit('unrelated');
    await repository.git('checkout', '--quiet', 'main');
    await callGit(folder, 'fetch', ['fetch', '--quiet', '--depth=1', 'origin', third, other]);
    // Both are there, each without its past: they may or may not be related.
    expect(await git.isAncestor(folder, other, third)).toBe('unknown');
    await callGit(folder, 'fetch', ['fetch', '--quiet', '--unshallow', 'origin']);
    expect(await git.isAncestor(folder, other, third)).toBe('no');
  });

  it('whatever the environment of the caller says about another one', async () => {
    const leaked = {
      GIT_DIR: join(elsewhere, 'nowhere'),
      GIT_WORK_TREE: elsewhere,
      GIT_INDEX_FILE: join(elsewhere, 'index'),
      GIT_OBJECT_DIRECTORY: elsewhere,
      GIT_PREFIX: 'x/',
    };
    Object.assign(process.env, leaked);
    try {
      expect(await git.topLevel(join(repository.directory, 'a'))).toBe(repository.directory);
      expect(await git.resolveCommit(repository.directory, 'v1')).toBe(first);
    } finally {
      for (const name of Object.keys(leaked)) Reflect.deleteProperty(process.env, name);
    }
  });
});

describe('what can not be answered is explained', () => {
  const explained = async (answer: Promise<unknown>): Promise<string> => {
    const thrown: unknown = await answer.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(thrown).toBeInstanceOf(SourceError);
    return thrown instanceof Error ? thrown.message : '';
  };

  it('no repository', async () => {
    const text = await explained(git.topLevel(elsewhere));
    expect(text).toContain(elsewhere);
    expect(text).toContain('actions/checkout');
  });

  it('no folder', async () => {
    expect(await explained(git.topLevel(join(elsewhere, 'missing')))).toMatch(
      /missing does not exist.*working-directory/s,
    );
  });

  it('a bare repository', async () => {
    expect(await explained(git.topLevel(await clone('--bare')))).toContain('bare');
  });

  it('a repository without a commit', async () => {
    const empty = await createRepository();
    expect(await explained(git.resolveCommit(empty.directory, 'HEAD'))).toContain('no commit yet');
    await empty.remove();
  });

  it.each(['nosuch', '--help', '-x', '', 'a\nb', 'a\0b', 'x'.repeat(5000), 'HEAD:a/b.txt', '1'.repeat(40)])(
    'an unknown revision: %.12s',
    async (name) => {
      const text = await explained(git.resolveCommit(repository.directory, name));
      expect(text.length).toBeLessThan(700);
      expect(text).not.toMatch(/[\0-\x08]/);
    },
  );

  it('a commit that a shallow clone does not have', async () => {
    expect(await explained(git.resolveCommit(await clone('--depth=1'), first))).toContain('fetch-depth: 0');
    expect(await explained(git.commitMessage(await clone('--depth=1'), first))).toContain('fetch-depth: 0');
  });

  it('a repository of another user, with the command that fixes it', async () => {
    const owned = await createRepository();
    // Git compares the owner with SUDO_UID or this user; another owner can only be had as root, so it is told to
    // assume one, as its own test suite does.
    process.env['GIT_TEST_ASSUME_DIFFERENT_OWNER'] = '1';
    try {
      const text = await explained(git.topLevel(owned.directory));
      expect(text).toContain(`git config --global --add safe.directory '${owned.directory}'`);
    } finally {
      delete process.env['GIT_TEST_ASSUME_DIFFERENT_OWNER'];
      await owned.remove();
    }
  });

  it('the workspace of a job is read whoever owns it, as in a container, and nothing else is', async () => {
    const [owned, other] = [await createRepository(), await createRepository()];
    const given = { GIT_TEST_ASSUME_DIFFERENT_OWNER: '1', GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: owned.directory };
    const before = { ...process.env };
    Object.assign(process.env, given);
    try {
      expect(await git.topLevel(owned.directory)).toBe(owned.directory);
      process.env['GITHUB_WORKSPACE'] = dirname(owned.directory);
      expect(await git.topLevel(owned.directory)).toBe(owned.directory);
      process.env['GITHUB_WORKSPACE'] = owned.directory;
      expect(await explained(git.topLevel(other.directory))).toContain('belongs to another user');
    } finally {
      for (const name of Object.keys(given)) {
        if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = before[name];
      }
      await Promise.all([owned.remove(), other.remove()]);
    }
  });

  it('git that is not installed', async () => {
    const before = process.env['PATH'];
    process.env['PATH'] = elsewhere;
    try {
      await expect(git.topLevel(repository.directory)).rejects.toThrow(/"git" is not installed/);
    } finally {
      process.env['PATH'] = before;
    }
  });

  it('a damaged repository, in the words of git', async () => {
    const damaged = await clone();
    await writeFile(join(damaged, '.git', 'config'), '[core\n');
    expect(await explained(git.isShallow(damaged))).toMatch(/bad config/);
  });
});
