import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../src/system/exec';
import { tempDir, type TempDir } from '../support/engine';
import { createFork, type TestRepository } from '../support/fork';
import { before, bundle, kfpImages, programs, stackLine } from '../run/world';

/* What others wrote, on its way out through the command line; and standard output that can't be written. */

let fork: TestRepository;
let folder: TempDir;
/** What a terminal would obey, what hides itself, and what a runner would take for a command. */
const nasty = '\u001b[2J\u001b]0;title\u0007 x\u202ey \u200bz';

beforeAll(async () => {
  [fork, folder] = await Promise.all([createFork(), tempDir()]);
});
afterAll(async () => {
  await Promise.all([fork.remove(), folder.remove()]);
});

function expectClean(text: string): void {
  expect(text).not.toMatch(/\u001b|\u0007|\u202e|\u200b|\r/);
  expect(text).not.toMatch(/^\s*::/m);
  expect(text).not.toContain('##[');
  expect(text).not.toMatch(stackLine);
}

describe('text of others', () => {
  it('in an error that quotes kubectl: nothing is obeyed, no command', async () => {
    const script = `printf '%s\\n' '${nasty}' '::error::taken' '##[error]taken' >&2; exit 1`;
    const bin = await programs(folder.path, { kubectl: script });
    const ended = await kfpImages(fork.directory, ['status'], { env: { PATH: before(bin) } });
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain('\\u202e');
    expect(ended.stderr).toContain(': :error::taken');
    expectClean(ended.stderr);
  });

  it('in the name of a file: written out, in the plan and in JSON', async () => {
    const name = `backend/src/v2/cmd/driver/a\u202eog.go`;
    await mkdir(join(fork.directory, 'backend/src/v2/cmd/driver'), { recursive: true });
    await fork.commit('Change the driver', { [name]: 'package main\n' });
    const args = ['plan', '--images', 'driver', '--since', 'HEAD~1', '--explain'];
    const plain = await kfpImages(fork.directory, args);
    expect(plain.stdout).toContain('\\u202e');
    expectClean(plain.stdout);
    const json = await kfpImages(fork.directory, [...args, '--json']);
    expectClean(json.stdout);
    expect(JSON.stringify(JSON.parse(json.stdout))).toContain('a\u202eog.go');
  });
});

describe('standard output', () => {
  const shell = (script: string): ReturnType<typeof run> =>
    run({
      command: 'bash',
      args: ['-c', script, 'bash', process.execPath, bundle('cli')],
      cwd: fork.directory,
      env: { GIT_CONFIG_GLOBAL: '/dev/null' },
    });

  it('whose reader has gone is not a mistake', async () => {
    const ended = await shell(
      'set -o pipefail; for i in 1 2 3; do "$1" "$2" plan --images all --explain; done | head -1',
    );
    expect(ended.stdout).toMatch(/^Plan for commit /);
    expect(ended.stderr).not.toMatch(stackLine);
    expect(ended.stderr).not.toMatch(/EPIPE|Unhandled/);
  });

  it('on a disk that is full fails, and says so', async () => {
    const ended = await shell('"$1" "$2" plan --images all --explain >/dev/full');
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toMatch(/^error: Standard output can't be written \(ENOSPC\)/m);
    expect(ended.stderr).not.toMatch(stackLine);
  });
});
