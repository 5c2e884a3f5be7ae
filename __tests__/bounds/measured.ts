import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { run } from '../../src/system/exec';
import { kfpImages, stackLine, type Ended } from '../run/world';
import type { StepResult } from '../support/runner';

/* What a run of a bundle took: measured by the process itself when it ends, so that other work on the machine does not count. */

/** How a run ended, and what it took. */
export interface Cost {
  /** Processor time of the process, not of the machine's clock. */
  readonly seconds: number;
  /** The most memory that it held, in MB. */
  readonly megabytes: number;
}

/** Environment that makes a bundle write down its cost, and where it can be read. */
export async function meter(folder: string): Promise<{ env: Readonly<Record<string, string>>; cost(): Promise<Cost> }> {
  const name = String(Math.random()).slice(2);
  const [hook, file] = [join(folder, `${name}.cjs`), join(folder, `${name}.json`)];
  await writeFile(
    hook,
    // Not maxRSS: that begins with what the process held that started this one.
    `const fs = require('node:fs');
    process.on('exit', () => {
      const { userCPUTime, systemCPUTime } = process.resourceUsage();
      const [, most] = /^VmHWM:\\s+(\\d+) kB$/m.exec(fs.readFileSync('/proc/self/status', 'utf8'));
      const cost = { seconds: (userCPUTime + systemCPUTime) / 1e6, megabytes: Number(most) / 1024 };
      fs.writeFileSync(${JSON.stringify(file)}, JSON.stringify(cost));
    });`,
  );
  return {
    env: { NODE_OPTIONS: `--require ${hook}` },
    cost: async () => JSON.parse(await readFile(file, 'utf8')) as Cost,
  };
}

/**
 * What an input may take at its bound, whatever it holds; above it too, until the error. Two seconds are the aim and what is seen on a
 * quiet machine; processor time itself grows where cores are shared, so only what is far from it fails.
 */
export function expectCheap({ seconds, megabytes }: Cost): void {
  expect.soft(megabytes, 'MB').toBeLessThanOrEqual(300);
  expect.soft(seconds, 'seconds').toBeLessThanOrEqual(8);
}

/** No bug of ours: words, no stack trace. */
export function expectWords({ stdout, stderr }: Pick<Ended | StepResult, 'stdout' | 'stderr'>): void {
  expect(stdout + stderr).not.toMatch(stackLine);
}

/** A repository with these files committed; paths may have folders. */
export async function repositoryOf(folder: string, files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const stream: (string | Buffer)[] = ['commit refs/heads/main\ncommitter Ada <a@e> 1700000000 +0000\ndata 0\n'];
  for (const [path, content] of Object.entries(files)) {
    const bytes = Buffer.from(content as string);
    stream.push(`M 100644 inline ${path}\ndata ${String(bytes.length)}\n`, bytes, '\n');
  }
  await git(folder, ['init', '--quiet', '--initial-branch=main', '.']);
  await git(
    folder,
    ['-c', 'core.compression=0', '-c', 'pack.compression=0', '-c', 'core.bigFileThreshold=1', 'fast-import', '--quiet'],
    Buffer.concat(stream.map((part) => Buffer.from(part as string))),
  );
  await git(folder, ['symbolic-ref', 'HEAD', 'refs/heads/main']);
  return git(folder, ['rev-parse', 'HEAD']);
}

/** git's standard output. */
export async function git(cwd: string, args: readonly string[], input: string | Uint8Array = ''): Promise<string> {
  const env = { GIT_CONFIG_GLOBAL: '/dev/null' };
  const { exitCode, stdout, stderr } = await run({ command: 'git', args, cwd, input, env });
  if (exitCode !== 0) throw new Error(stderr);
  return stdout.trim();
}

/** Runs `kfp-images` where only `home` is a home, and holds it to words and to what an input may take. */
export async function cheapCommand(
  cwd: string,
  home: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const measured = await meter(home);
  const ended = await kfpImages(cwd, args, { env: { HOME: home, ...env, ...measured.env } });
  expectWords(ended);
  expectCheap(await measured.cost());
  return ended;
}
