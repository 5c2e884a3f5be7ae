import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allCommands } from '../../src/commands/commandLine';
import { run } from '../../src/system/exec';
import { kfpImages } from '../run/world';

/* What `completions` prints, loaded by a real bash; and that the examples of every command are lines that the command takes. */

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kfp-completions-'));
  const { exitCode, stdout } = await kfpImages(folder, ['completions', 'bash']);
  expect(exitCode).toBe(0);
  writeFileSync(join(folder, 'script'), stdout);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What bash offers for the last of these words, which are split as bash splits a line: `=` is a word. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const script = `. "$0"; COMP_WORDS=(kfp-images "$@"); COMP_CWORD=$#; _kfp_images 2>/dev/null; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { exitCode, stdout, stderr } = await run({
    command: 'bash',
    args: ['-c', script, join(folder, 'script'), ...words],
  });
  expect([exitCode, stderr]).toEqual([0, '']);
  return stdout.split('\n').filter((line) => line !== '');
}

describe('completions bash', () => {
  test('bash says nothing when it loads them', async () => {
    const loaded = await run({ command: 'bash', args: ['-euc', '. "$0"', join(folder, 'script')] });
    expect(loaded).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
  });

  test('every command', async () => {
    const names = (await allCommands()).map(({ name }) => name);
    expect(names.length).toBeGreaterThan(10);
    expect(await offered('')).toEqual(expect.arrayContaining(names));
    expect(await offered('pl')).toEqual(['plan']);
    expect(await offered('--debug', 'roll')).toEqual(['rollback']);
  });

  test('every flag of every command', async () => {
    for (const { name, inputs, flags } of await allCommands()) {
      const wanted = [...inputs, ...Object.keys(flags), 'json', 'debug', 'help'].map((flag) => `--${flag}`);
      expect([...(await offered(name, '--'))].sort(), name).toEqual(wanted.sort());
    }
  });

  test.each([
    [
      ['build', '--context', ''],
      ['commit', 'workspace'],
    ],
    [['build', '--context', '=', 'w'], ['workspace']],
    [
      ['build', '--context', '='],
      ['commit', 'workspace'],
    ],
    [['build', '--push', '=', 't'], ['true']],
    [['build', '--push', '--fail'], ['--fail-fast']],
    [
      ['deploy', '--dry-run', '=', ''],
      ['client', 'server'],
    ],
    [['plan', '--images', 'apis'], ['apiserver']],
    [['completions', 'z'], ['zsh']],
    [['deploy', 'dri'], ['driver']],
    [['plan', '--message', ''], []],
  ])('%j', async (words, expected) => {
    expect(await offered(...words)).toEqual(expected);
  });
});

test.each([
  ['fish', /seen_subcommand_from build' --long-option push --arguments 'true false' /],
  ['fish', /seen_subcommand_from build' --long-option context --exclusive --arguments 'commit workspace' /],
  ['zsh', /'\*--push=-\[[^\]]+\]::value:\(true false\)'/],
  ['zsh', /'\*--context=\[[^\]]+\]:value:\(commit workspace\)'/],
])('%s is given the choices of a flag, whether it needs one or not', async (shell, expected) => {
  expect((await kfpImages(folder, ['completions', shell])).stdout).toMatch(expected);
});

test('a shell that is not known is wrong usage', async () => {
  const { exitCode, stdout, stderr } = await kfpImages(folder, ['completions', 'tcsh']);
  expect([exitCode, stdout]).toEqual([2, '']);
  expect(stderr).toBe('error: completions "tcsh": give one of bash, zsh, fish.\n');
});

test('the examples of every command name it and only flags that it has', async () => {
  for (const { name, inputs, flags, examples } of await allCommands()) {
    const known = [...inputs, ...Object.keys(flags), 'json', 'debug'].map((flag) => `--${flag}`);
    for (const example of examples) {
      const { stdout } = await run({
        command: 'bash',
        args: ['-c', `kfp-images() { printf '%s\\n' "$@"; }; ${line(example)}`],
      });
      const [first, ...words] = stdout.split('\n');
      expect(first).toBe(name);
      const given = words.filter((word) => word.startsWith('--')).map((word) => word.split('=')[0] ?? '');
      for (const flag of given) expect(known, example).toContain(flag);
      for (const [flag, { required }] of Object.entries(flags))
        if (required === true) expect(given).toContain(`--${flag}`);
    }
  }
});

/** Without its redirection: nothing is to be written. */
function line(example: string): string {
  return `kfp-images ${example.replace(/ > .*/, '')}`;
}
