import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { kfpCatalog } from '../../src/catalog/kfp';
import { trigger, type TriggerOptions, type TriggerResult } from '../../src/commands/trigger/trigger';
import { run } from '../../src/system/exec';
import type { Log, Plan } from '../../src/types';

/** A clone with a bare remote beside it, in one temporary folder, and git's own configuration out of the way. */
export interface TriggerFork {
  readonly clone: string;
  readonly origin: string;
  readonly folder: string;
  git(...args: string[]): Promise<string>;
  gitIn(directory: string, ...args: string[]): Promise<string>;
  write(path: string, content: string): Promise<void>;
  /** Writes a file and stages it. */
  stage(path: string, content: string): Promise<void>;
  /** An executable hook of the clone, or of the remote. */
  hook(repository: string, name: string, script: string): Promise<void>;
  /** Another person's clone commits and pushes to a branch of a remote. */
  elsewhere(remote: string, branch: string, files: Readonly<Record<string, string>>): Promise<string>;
  /** All that a failed trigger must leave as it was. */
  state(): Promise<State>;
  /** Where a branch of the remote is; undefined: it is not there. */
  remoteHead(branch: string, remote?: string): Promise<string | undefined>;
  trigger(options?: Partial<TriggerOptions>, ports?: Partial<Ports>): Promise<TriggerResult>;
  readonly said: string[];
  readonly plans: Plan[];
  remove(): Promise<void>;
}

export interface State {
  readonly head: string;
  readonly branch: string;
  readonly branches: string;
  readonly indexSha256: string;
  readonly status: string;
  readonly files: string;
}

interface Ports {
  readonly signal: AbortSignal;
  readonly interactive: boolean;
  readonly showPlan: (plan: Plan) => void;
}

/** Sets the environment of this test worker; every child of the tests, the subject's too, inherits it. */
export async function createTriggerFork(): Promise<TriggerFork> {
  const folder = await mkdtemp(join(tmpdir(), 'kfp-images-trigger-'));
  const clone = join(folder, 'clone');
  const origin = join(folder, 'origin.git');
  await writeFile(
    join(folder, 'gitconfig'),
    '[user]\n\tname = Dana Fork\n\temail = dana@example.com\n[init]\n\tdefaultBranch = main\n[protocol "file"]\n\tallow = always\n',
  );
  process.env['GIT_CONFIG_GLOBAL'] = join(folder, 'gitconfig');
  process.env['GIT_CONFIG_SYSTEM'] = '/dev/null';
  process.env['GIT_CONFIG_NOSYSTEM'] = '1';

  const gitIn = async (directory: string, ...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await run({ command: 'git', args, cwd: directory });
    if (exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  const git = (...args: string[]): Promise<string> => gitIn(clone, ...args);
  const write = async (path: string, content: string): Promise<void> => {
    await mkdir(dirname(join(clone, path)), { recursive: true });
    await writeFile(join(clone, path), content);
  };
  const said: string[] = [];
  const plans: Plan[] = [];
  const log: Log = {
    debug: () => undefined,
    info: (line) => said.push(line),
    warning: (text) => said.push(`warning: ${text}`),
    error: (text) => said.push(`error: ${text}`),
  };

  await gitIn(folder, 'init', '--quiet', '--bare', origin);
  await gitIn(folder, 'clone', '--quiet', origin, clone);
  await write('backend/driver.go', 'package driver\n');
  await write('README.md', 'A fork\n');
  for (const { dockerfile } of kfpCatalog.images.values()) await write(dockerfile, 'FROM scratch\nCOPY . .\n');
  await git('add', '.');
  await git('commit', '--quiet', '-m', 'Fork Kubeflow Pipelines');
  await git('push', '--quiet', '-u', 'origin', 'main');
  await gitIn(origin, 'symbolic-ref', 'HEAD', 'refs/heads/main');
  await git('remote', 'set-head', 'origin', 'main');

  return {
    clone,
    origin,
    folder,
    git,
    gitIn,
    write,
    said,
    plans,
    async stage(path, content) {
      await write(path, content);
      await git('add', '--', path);
    },
    async hook(repository, name, script) {
      const hooks = repository.endsWith('.git') ? join(repository, 'hooks') : join(repository, '.git', 'hooks');
      await mkdir(hooks, { recursive: true });
      await writeFile(join(hooks, name), `#!/bin/sh\n${script}\n`);
      await chmod(join(hooks, name), 0o755);
    },
    async elsewhere(remote, branch, files) {
      const other = await mkdtemp(join(folder, 'other-'));
      await gitIn(folder, 'clone', '--quiet', '--branch', branch, remote, other);
      for (const [path, content] of Object.entries(files)) {
        await mkdir(dirname(join(other, path)), { recursive: true });
        await writeFile(join(other, path), content);
      }
      await gitIn(other, 'add', '.');
      await gitIn(other, 'commit', '--quiet', '-m', 'Work of somebody else');
      await gitIn(other, 'push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`);
      return gitIn(other, 'rev-parse', 'HEAD');
    },
    async state() {
      const index = await readFile(join(clone, '.git', 'index'));
      return {
        indexSha256: createHash('sha256').update(index).digest('hex'),
        head: await git('rev-parse', 'HEAD'),
        branch: await git('rev-parse', '--symbolic-full-name', 'HEAD'),
        branches: await git('for-each-ref', '--format=%(refname) %(objectname)', 'refs/heads'),
        // Without the optional lock status would refresh the index, which is what is compared.
        status: await git('--no-optional-locks', 'status', '--porcelain=v2', '--untracked-files=all'),
        files: await git('--no-optional-locks', 'diff', '--no-ext-diff'),
      };
    },
    async remoteHead(branch, remote = origin) {
      const found = await run({
        command: 'git',
        args: ['rev-parse', '--verify', '-q', `refs/heads/${branch}`],
        cwd: remote,
      });
      return found.exitCode === 0 ? found.stdout.trim() : undefined;
    },
    trigger: (options = {}, ports = {}) =>
      trigger(
        { cwd: clone, images: 'driver', allowEmpty: false, sync: false, dryRun: false, ...options },
        {
          log,
          showPlan: (plan) => plans.push(plan),
          signal: new AbortController().signal,
          interactive: false,
          ...ports,
        },
      ),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The error of a trigger that must fail, after checking that nothing at all has changed. */
export async function refused(fork: TriggerFork, run: () => Promise<unknown>): Promise<Error> {
  const before = await fork.state();
  const there = await fork.remoteHead('main');
  const error = await run().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(await fork.state()).toEqual(before);
  expect(await fork.remoteHead('main')).toBe(there);
  if (!(error instanceof Error)) throw new Error('it was not refused');
  return error;
}

/** Stages everything that an index can hold: changed, new, removed, executable, only intended, flagged; and changes beside it. */
export async function stageAllKinds(fork: TriggerFork): Promise<State> {
  for (const name of ['changed', 'removed', 'mode', 'hidden', 'dirty', 'both'])
    await fork.write(`${name}.txt`, `${name}\n`);
  await fork.git('add', '.');
  await fork.git('commit', '-q', '-m', 'More files');
  await fork.git('push', '-q');
  await fork.stage('changed.txt', 'changed more\n');
  await fork.stage('new.txt', 'new\n');
  await fork.git('rm', '-q', 'removed.txt');
  await fork.git('update-index', '--chmod=+x', 'mode.txt');
  await fork.git('update-index', '--assume-unchanged', 'hidden.txt');
  await fork.stage('both.txt', 'staged\n');
  await fork.write('both.txt', 'staged, and then changed again\n');
  await fork.write('dirty.txt', 'changed, not staged\n');
  await fork.write('intended.txt', 'only intended\n');
  await fork.git('add', '--intent-to-add', 'intended.txt');
  await fork.write('untracked.txt', 'untracked\n');
  return fork.state();
}

/** The error of what must fail. */
export async function failing(run: Promise<unknown>): Promise<Error> {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Error)) throw new Error('it went through');
  return error;
}
