import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tempDir } from '../../support/engine';
import { onTerminal } from '../../support/terminal';

let folder: Awaited<ReturnType<typeof tempDir>>;

beforeAll(async () => {
  folder = await tempDir();
  const contents = `
    import { confirm } from ${JSON.stringify(join(__dirname, '../../../src/commands/confirm'))};
    confirm('Change it?', false, false, new AbortController().signal).then(
      (yes) => { process.exitCode = yes ? 10 : 11; },
      (error) => { process.exitCode = error.exitCode; },
    );`;
  await build({
    stdin: { contents, resolveDir: __dirname, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile: join(folder.path, 'ask.cjs'),
    logLevel: 'error',
  });
});

afterAll(async () => {
  await folder.remove();
});

test.each([
  { name: 'y', typed: 'y\r', exitCode: 10 },
  { name: 'yes', typed: ' YES \r', exitCode: 10 },
  { name: 'n', typed: 'n\r', exitCode: 11 },
  { name: 'the return key alone', typed: '\r', exitCode: 11 },
  { name: 'another word', typed: 'yesterday\r', exitCode: 11 },
  { name: 'Ctrl-D', typed: '\x04', exitCode: 11 },
  { name: 'Ctrl-C', typed: '\x03', exitCode: 130 },
])('on a terminal, $name', async ({ typed, exitCode }) => {
  const args = [join(folder.path, 'ask.cjs')];
  const terminal = onTerminal({ command: process.execPath, args }, { cwd: folder.path });
  await terminal.until('[y/N] ');
  terminal.type(typed);
  expect((await terminal.ended).exitCode).toBe(exitCode);
});
