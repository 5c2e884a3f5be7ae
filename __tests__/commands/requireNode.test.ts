import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../../src/system/exec';
import { bundle } from '../run/world';
import { tempDir } from '../support/engine';

test.each(['22.20.0', '18.19.0'])('on Node.js %s a command says at once which one it needs', async (version) => {
  await using folder = await tempDir();
  const older = join(folder.path, 'older.cjs');
  // This Node.js, which says that it is an older one.
  await writeFile(
    older,
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`,
  );
  const ended = await run({ command: process.execPath, args: ['--require', older, bundle('cli'), 'plan'] });
  expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
  expect(ended.stderr).toBe(
    `error: kfp-images needs Node.js 24 or newer, and ${process.execPath} is ${version}. ` +
      'Install a newer one (https://nodejs.org/en/download) or, for one command, put it in front of PATH.\n',
  );
});
