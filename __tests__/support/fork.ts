import { cp, mkdtemp, rm, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from '../../src/system/exec';

/** A git repository of its own in a temporary folder, with fixed authors and dates so that commit ids repeat. */
export interface TestRepository {
  readonly directory: string;
  git(...args: string[]): Promise<string>;
  /** Writes (or, with undefined, removes) files; then commits everything. Gives the commit id. */
  commit(message: string, files?: Readonly<Record<string, string | undefined>>): Promise<string>;
  remove(): Promise<void>;
}

// Each commit is a minute later than the one before: dates must differ, and must not depend on today.
const firstDate = Date.UTC(2026, 0, 5, 12, 0, 0) / 1000;

/** An empty repository on branch `main`. */
export async function createRepository(): Promise<TestRepository> {
  const directory = await mkdtemp(join(tmpdir(), 'kfp-images-test-'));
  let commits = 0;
  const git = async (...args: string[]): Promise<string> => {
    const date = `${firstDate + commits * 60} +0000`;
    const { exitCode, stdout, stderr } = await run({
      command: 'git',
      args: ['-c', 'commit.gpgsign=false', '-c', 'core.hooksPath=/dev/null', ...args],
      cwd: directory,
      env: { ...identity, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
    });
    if (exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  await git('init', '--quiet', '--initial-branch=main');
  return {
    directory,
    git,
    async commit(message, files = {}) {
      for (const [path, content] of Object.entries(files)) {
        const file = join(directory, path);
        if (content === undefined) await rm(file, { recursive: true });
        else {
          await mkdir(dirname(file), { recursive: true });
          await writeFile(file, content);
        }
      }
      commits += 1;
      await git('add', '--all');
      await git('commit', '--quiet', '--allow-empty', '--message', message);
      return git('rev-parse', 'HEAD');
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** The demo's fork of Kubeflow Pipelines, in small, with one commit. */
export async function createFork(message = 'Fork Kubeflow Pipelines'): Promise<TestRepository> {
  const repository = await createRepository();
  await cp(join(process.cwd(), 'demo', 'fork'), repository.directory, { recursive: true });
  await repository.commit(message);
  return repository;
}

const identity = {
  GIT_AUTHOR_NAME: 'Dana Fork',
  GIT_AUTHOR_EMAIL: 'dana@example.com',
  GIT_COMMITTER_NAME: 'Dana Fork',
  GIT_COMMITTER_EMAIL: 'dana@example.com',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
};
