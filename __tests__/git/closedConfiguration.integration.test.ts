import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bareRepositoryAround } from '../../src/git/bareRepository';
import { git, tryGit } from '../../src/git/gitCommand';
import { readTree } from '../../src/git/gitTree';
import { snapshotWorkspace } from '../../src/git/workspace';
import { tempDir, type TempDir } from '../support/engine';
import { createFork, type TestRepository } from '../support/fork';
import { kfpImages, stackLine } from '../run/world';

let fork: TestRepository;
let scratch: TempDir;
/** Written by any program of a configuration that runs. */
let proof: string;

beforeEach(async () => {
  [fork, scratch] = await Promise.all([createFork(), tempDir()]);
  proof = join(scratch.path, 'proof');
});

afterEach(async () => {
  await Promise.all([fork.remove(), scratch.remove()]);
});

const ran = async (): Promise<string> => readFile(proof, 'utf8').catch(() => '');

/** Configuration that names a program wherever git takes one. */
async function program(name: string): Promise<string> {
  const path = join(scratch.path, name);
  await writeFile(path, `#!/bin/sh\necho ${name} >>"${proof}"\ncat\n`);
  await chmod(path, 0o755);
  return path;
}

describe('a folder of the commit that is shaped like a bare repository', () => {
  beforeEach(async () => {
    const commit = await fork.git('rev-parse', 'HEAD');
    await fork.commit('A nested one', {
      'nested/HEAD': `${commit}\n`,
      'nested/refs/heads/.keep': '',
      'nested/objects/.keep': '',
      'nested/.gitattributes': '* filter=own\n',
      'nested/config': [
        '[core]',
        '\trepositoryformatversion = 0',
        `\tworktree = ${join(fork.directory, 'nested')}`,
        `\tfsmonitor = ${await program('fsmonitor')}`,
        `\tsshCommand = ${await program('ssh')}`,
        `\thooksPath = ${scratch.path}`,
        '[filter "own"]',
        `\tsmudge = ${await program('smudge')}`,
        `\tclean = ${await program('clean')}`,
        '\trequired = true',
        '[remote "origin"]',
        '\turl = ssh://localhost/none',
        '\tpromisor = true',
        '\tpartialclonefilter = blob:none',
        '',
      ].join('\n'),
    });
  });

  it.each([
    ['plan', '--images', 'driver', '--working-directory', 'nested'],
    ['plan', '--images', 'driver', '--working-directory', 'nested/refs', '--context', 'workspace'],
    ['build', '--images', 'driver', '--working-directory', 'nested', '--dry-run'],
  ])('is not opened, and nothing that it names runs: %s', async (...args) => {
    const ended = await kfpImages(fork.directory, args);
    expect(ended.exitCode).not.toBe(0);
    expect(ended.stdout + ended.stderr).toMatch(/nested is a bare git repository, or looks like one/);
    expect(ended.stderr).not.toMatch(stackLine);
    expect(await ran()).toBe('');
  });

  it('does not stand in the way of the repository that it is in', async () => {
    const ended = await kfpImages(fork.directory, ['plan', '--images', 'driver', '--json']);
    expect(ended.stderr).not.toMatch(/bare/);
    expect(ended.exitCode).toBe(0);
  });

  it('is found wherever below it one is, and a normal clone is none', () => {
    const nested = join(fork.directory, 'nested');
    expect(bareRepositoryAround(join(nested, 'refs', 'heads'))).toBe(nested);
    expect(bareRepositoryAround(fork.directory)).toBeUndefined();
    expect(bareRepositoryAround(join(fork.directory, 'backend'))).toBeUndefined();
  });
});

describe('a call that reads', () => {
  it('runs no hook and no monitor, in a linked work tree and a submodule too', async () => {
    const hooks = join(scratch.path, 'hooks');
    await mkdir(hooks);
    for (const hook of ['post-index-change', 'reference-transaction', 'fsmonitor']) {
      await writeFile(join(hooks, hook), `#!/bin/sh\necho ${hook} >>"${proof}"\n`, { mode: 0o755 });
    }
    await fork.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', fork.directory, 'sub');
    await fork.commit('A submodule');
    await fork.git('worktree', 'add', '--quiet', join(scratch.path, 'linked'));
    const submodule = join(fork.directory, 'sub');
    await git(submodule, 'set the submodule up', ['config', 'core.fsmonitor', join(hooks, 'fsmonitor')]);
    await git(submodule, 'set the submodule up', ['config', 'core.hooksPath', hooks]);
    await fork.git('config', 'core.fsmonitor', join(hooks, 'fsmonitor'));
    await fork.git('config', 'core.hooksPath', hooks);
    for (const folder of [fork.directory, join(scratch.path, 'linked'), submodule]) {
      await (await readTree(folder, 'HEAD')).close();
      await tryGit(folder, ['update-index', '--refresh']);
      const own = join(scratch.path, 'snapshot');
      await mkdir(own);
      await snapshotWorkspace(folder, own);
      await rm(own, { recursive: true });
    }
    expect(await ran()).toBe('');
  });
});
