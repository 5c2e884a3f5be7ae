import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { actionInputs } from '../../src/event/inputs';
import { kfpImages } from '../run/world';

/* The command line as such: help, version, and what every command must have. */

const cli = (...args: readonly string[]) => kfpImages(tmpdir(), args);

/** Names of the commands that the help lists. */
async function commands(): Promise<readonly string[]> {
  const { stdout } = await cli('--help');
  const [, list = ''] = stdout.split(/^Commands:$/m);
  return [...list.matchAll(/^ {2}([a-z][a-z-]*)\b/gm)].map(([, name = '']) => name).filter((name) => name !== 'help');
}

it('tells the package’s version', async () => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { readonly version: string };
  expect(await cli('--version')).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
});

it('lists the commands of the main job', async () => {
  expect(await commands()).toEqual(expect.arrayContaining(['build', 'plan', 'trigger', 'init']));
});

it('explains every command with --help, on standard output', async () => {
  for (const command of await commands()) {
    const { exitCode, stdout, stderr } = await cli(command, '--help');
    expect(exitCode, command).toBe(0);
    expect(stderr, command).toBe('');
    expect(stdout, command).toMatch(new RegExp(`^Usage: kfp-images ${command}\\b`));
    expect(stdout, command).toContain('--help');
    // What setup-gcp prints is a script already.
    expect(stdout, command).toContain(command === 'setup-gcp' ? '--print' : '--json');
    // It asks Google's API and no registry.
    if (command === 'setup-gcp' || !stdout.includes(' --registry-path ')) continue;
    expect(stdout, command).toContain(' --registry-hosts ');
  }
});

it('build takes every input of the Action as a flag of the same name, with the same default', async () => {
  const { stdout } = await cli('build', '--help');
  const text = stdout.replace(/\s+/g, ' ');
  for (const input of actionInputs) {
    expect(text).toContain(` --${input.name} `);
    if (input.default !== '' && input.kind !== 'secret') expect(text).toContain(`(default: ${input.default})`);
  }
});

it('without a command it helps, and that is wrong usage', async () => {
  const { exitCode, stderr, stdout } = await cli();
  expect(exitCode).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^Usage: kfp-images /);
});

it.each([['build', '--nope'], ['trigger'], ['plan', 'surplus'], ['nope']])(
  'wrong usage ends with 2: %s',
  async (...args) => {
    const { exitCode, stderr, stdout } = await cli(...args.filter((arg) => typeof arg === 'string'));
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^error: /);
  },
);
