import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { init, type InitOptions, type InitResult } from '../../src/commands/init/init';

export const workflow = '.github/workflows/build-backend-images.yaml';
export const example = 'kfp-images.example.yaml';
export const from = `dana/kfp-images@${'a1'.repeat(20)}`;

/** For each test of a file a small fork, committed, and `init` in it. */
export interface InitFork {
  /** Its folder. */
  readonly fork: () => string;
  readonly run: (options?: Partial<InitOptions>) => Promise<InitResult>;
  readonly read: (path: string) => Promise<string>;
}

export function initForkOfATest(): InitFork {
  let fork: string;
  beforeEach(async () => {
    fork = await mkdtemp(join(tmpdir(), 'kfp-images-init-'));
    execFileSync('git', ['init', '-q', fork]);
    await cp('demo/fork/backend', join(fork, 'backend'), { recursive: true });
    execFileSync('git', ['-C', fork, 'add', '--all']);
    const identity = ['-c', 'user.name=dana', '-c', 'user.email=dana@example.com'];
    execFileSync('git', ['-C', fork, ...identity, 'commit', '--quiet', '--message', 'Begin']);
    execFileSync('git', ['-C', fork, 'remote', 'add', 'origin', 'https://github.com/dana/pipelines']);
  });
  afterEach(() => rm(fork, { recursive: true, force: true }));
  return {
    fork: () => fork,
    run: (options = {}) => init({ cwd: fork, force: false, dryRun: false, from, ...options }),
    read: (path) => readFile(join(fork, path), 'utf8'),
  };
}

/** Path → what `init` did with it. */
export const actions = ({ files }: InitResult): Record<string, string> =>
  Object.fromEntries(files.map(({ path, action }) => [path, action]));
