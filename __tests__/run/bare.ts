import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { createWorld, kfpImages, stackLine, whereIs, type Ended, type World } from './world';

/** A fork on a machine that has git and nothing that builds. */
export interface Bare {
  readonly world: World;
  /** A PATH with git and nothing that builds. */
  readonly gitOnly: string;
  /** `kfp-images build` in the fork, where no docker is. */
  build(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
}

export async function openBare(): Promise<Bare> {
  const world = await createWorld({ engine: false });
  const gitOnly = join(world.folder.path, 'git-only');
  await mkdir(gitOnly);
  for (const program of ['git', 'sh']) await symlink(await whereIs(program), join(gitOnly, program));
  return {
    world,
    gitOnly,
    build: (args, env = {}) => kfpImages(world.fork.directory, ['build', ...args], { env: { PATH: gitOnly, ...env } }),
  };
}

/** One clear text with this exit status: no stack trace, and nothing on standard output. */
export function expectRefusal(ended: Ended, status: number, says: RegExp): void {
  expect(ended.stderr + ended.stdout).toMatch(says);
  expect(ended.stderr + ended.stdout).not.toMatch(stackLine);
  expect(ended.exitCode).toBe(status);
  expect(ended.stdout).toBe('');
}
