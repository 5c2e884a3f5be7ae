import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SourceError, TriggerError, UsageError } from '../../src/errors';
import { createTriggerFork, refused, type TriggerFork } from './triggerFork';

let fork: TriggerFork;
beforeEach(async () => {
  fork = await createTriggerFork();
});
afterEach(() => fork.remove());

describe('a repository that cannot be triggered from is left alone', () => {
  const cases: readonly (readonly [string, () => Promise<unknown>, string])[] = [
    ['nothing staged', () => fork.write('a.txt', 'a\n'), 'Nothing is staged'],
    [
      'only an intention to add',
      () => fork.write('a.txt', 'a\n').then(() => fork.git('add', '-N', 'a.txt')),
      'Nothing is staged',
    ],
    ['detached HEAD', () => fork.git('switch', '-q', '--detach'), 'HEAD is detached'],
    ['no remote', () => fork.git('remote', 'remove', 'origin'), 'no remote'],
    ['bisect', () => fork.git('bisect', 'start'), 'A bisect is under way'],
    [
      'two remotes, neither called origin',
      async () => {
        await fork.git('remote', 'rename', 'origin', 'one');
        await fork.git('remote', 'add', 'two', fork.origin);
        await fork.git('branch', '--unset-upstream');
      },
      'which of the remotes one, two is meant',
    ],
    [
      'a remote that is gone',
      () => fork.git('config', 'branch.main.remote', 'nowhere'),
      'the remote "nowhere", which does not exist',
    ],
    [
      'no identity',
      async () => {
        await fork.git('config', '--global', '--remove-section', 'user');
        await fork.git('config', '--global', 'user.useConfigOnly', 'true');
      },
      'git does not know who you are',
    ],
    [
      'rebase',
      async () => {
        await fork.git('commit', '-q', '--allow-empty', '-m', 'one');
        await fork.git('-c', 'sequence.editor=sed -i s/^pick/edit/', 'rebase', '-q', '-i', '--keep-empty', 'HEAD~1');
      },
      'A rebase is under way',
    ],
    ['merge, resolved', () => conflict('merge', true), 'A merge is under way'],
    ['merge with conflicts', () => conflict('merge', false), 'unresolved conflicts in "README.md"'],
    ['cherry-pick', () => conflict('cherry-pick', true), 'A cherry-pick is under way'],
    ['revert', () => fork.git('revert', '--no-commit', 'HEAD'), 'A revert is under way'],
  ];

  async function conflict(operation: 'merge' | 'cherry-pick', resolve: boolean): Promise<void> {
    await fork.git('switch', '-q', '-c', 'theirs');
    await fork.stage('README.md', 'theirs\n');
    await fork.git('commit', '-q', '-m', 'theirs');
    await fork.git('switch', '-q', 'main');
    await fork.stage('README.md', 'ours\n');
    await fork.git('commit', '-q', '-m', 'ours');
    await fork.git(operation, 'theirs').catch(() => undefined);
    if (resolve) await fork.stage('README.md', 'both\n');
  }

  test.each(cases)('%s', async (name, arrange, text) => {
    if (!/nothing staged|only an intention|merge|cherry|rebase|revert/.test(name)) await fork.stage('a.txt', 'a\n');
    await arrange();
    const error = await refused(fork, () => fork.trigger());
    expect(error).toBeInstanceOf(SourceError);
    expect(error.message).toContain(text);
    expect(fork.plans).toEqual([]);
  });

  test('a repository without a commit', async () => {
    const empty = join(fork.folder, 'empty');
    await mkdir(empty);
    await fork.gitIn(empty, 'init', '-q');
    await writeFile(join(empty, 'a.txt'), 'a\n');
    await fork.gitIn(empty, 'add', 'a.txt');
    await expect(fork.trigger({ cwd: empty })).rejects.toThrow('no commit yet');
    expect(await fork.gitIn(empty, 'ls-files')).toBe('a.txt');
  });

  test('no repository, and a bare one', async () => {
    await expect(fork.trigger({ cwd: fork.folder })).rejects.toThrow('not in a git repository');
    await expect(fork.trigger({ cwd: fork.origin })).rejects.toThrow('bare git repository');
  });

  test('what was fetched already tells that the push would be refused', async () => {
    await fork.elsewhere(fork.origin, 'main', { 'b.txt': 'b\n' });
    await fork.git('fetch', '-q');
    await fork.stage('a.txt', 'a\n');
    const error = await refused(fork, () => fork.trigger());
    expect(error).toBeInstanceOf(TriggerError);
    expect(error.message).toContain('origin/main has commits that main does not have');
  });
});

describe('flags that make no sense are wrong usage', () => {
  const cases: readonly (readonly [string, Parameters<TriggerFork['trigger']>[0], string])[] = [
    ['no image', { images: ' , ' }, '--images names no image'],
    ['an unknown image', { images: 'driver,apisever' }, 'did you mean'],
    ['an empty message', { commitMessage: ' ' }, '--commit-message is empty'],
    ['a line break', { commitMessage: 'one\ntwo' }, 'more than one line'],
    ['a line separator', { commitMessage: 'one\u2028two' }, 'more than one line'],
    ['a control character', { commitMessage: 'ring \u0007' }, 'a control character at position 6'],
    ['an escape sequence', { commitMessage: '\u001b[31mred' }, 'a control character at position 1'],
    ['half a character', { commitMessage: 'x \ud83d y' }, 'half a character'],
    ['a megabyte', { commitMessage: 'x'.repeat(1_000_000) }, '1000000 characters'],
    ['[skip ci]', { commitMessage: 'Try [skip CI] this' }, 'GitHub starts no workflow'],
  ];
  test.each(cases)('%s', async (_name, options, text) => {
    await fork.stage('a.txt', 'a\n');
    const error = await refused(fork, () => fork.trigger(options));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain(text);
    expect(error.message.length).toBeLessThan(1000);
  });
});
