import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { run, type Finished } from '../../src/system/exec';
import type { LockFile } from '../../src/types';
import { bundle } from '../run/world';
import { pathWithRenderers } from './renderers';

/** A GitOps repository, and the command that writes a set into it, with kustomize and helm on PATH. */
export interface GitopsRepository extends AsyncDisposable {
  /** Commits files, writes the set into some of them, and gives how that ended. */
  gitops(files: Readonly<Record<string, string>>, edited: readonly string[], ...flags: string[]): Promise<Finished>;
  /** What a program renders of what was pushed. */
  render(command: string, ...args: string[]): Promise<string>;
  /** How many commits there are. */
  commits(): Promise<string>;
}

/** Makes one in a temporary folder. */
export async function createRepository(lock: LockFile): Promise<GitopsRepository> {
  const path = await pathWithRenderers();
  const folder = await mkdtemp(join(tmpdir(), 'kfp-images-render-'));
  await writeFile(join(folder, 'lock.json'), JSON.stringify(lock));
  const git = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await run({ command: 'git', args, cwd: folder });
    if (exitCode !== 0) throw new Error(stderr);
    return stdout;
  };
  const as = ['-c', 'user.name=Dana', '-c', 'user.email=dana@example.com', '-C', 'work'];
  const name = { GIT_AUTHOR_NAME: 'Dana', GIT_COMMITTER_NAME: 'Dana' };
  const person = { ...name, GIT_AUTHOR_EMAIL: 'dana@example.com', GIT_COMMITTER_EMAIL: 'dana@example.com' };
  return {
    async gitops(files, edited, ...flags) {
      await git('init', '--quiet', '--bare', '--initial-branch=main', 'origin.git');
      await git('clone', '--quiet', 'origin.git', 'work');
      for (const [file, text] of Object.entries(files)) {
        await mkdir(dirname(join(folder, 'work', file)), { recursive: true });
        await writeFile(join(folder, 'work', file), text);
      }
      await git(...as, 'add', '.');
      await git(...as, 'commit', '--quiet', '--message', 'Start');
      await git(...as, 'push', '--quiet', 'origin', 'HEAD:main');
      const args = [bundle('cli'), 'gitops', '--lock', 'lock.json', '--repository', `file://${folder}/origin.git`];
      return run({
        command: process.execPath,
        args: [...args, ...edited.map((file) => `--file=${file}`), ...flags],
        cwd: folder,
        env: { PATH: path, ...person },
      });
    },
    async render(command, ...args) {
      await git('-C', 'work', 'pull', '--quiet', 'origin', 'main');
      const { exitCode, stdout, stderr } = await run({ command, args, cwd: join(folder, 'work'), env: { PATH: path } });
      expect(exitCode, stderr).toBe(0);
      return stdout;
    },
    commits: async () => (await git('-C', 'origin.git', 'rev-list', '--count', 'main')).trim(),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}
