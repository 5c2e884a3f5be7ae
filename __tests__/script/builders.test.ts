import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../../src/system/exec';
import { whereIs } from '../run/world';
import { tempDir } from '../support/engine';

/* script/builders where it can't do its work. What it does where it can is `make test-builders`. */

test('says in one line why it can’t run without Go, and on wrong usage what is right', async () => {
  await using folder = await tempDir();
  const bin = join(folder.path, 'bin');
  await mkdir(bin);
  for (const name of ['bash', 'dirname', 'readlink', 'id']) await symlink(await whereIs(name), join(bin, name));
  const env = { PATH: bin, KFP_IMAGES_BUILDKIT_CACHE: join(folder.path, 'cache') };
  const builders = (...args: readonly string[]): ReturnType<typeof run> =>
    run({ command: 'script/builders', args, env });
  const check = await builders('run', '--', 'true');
  expect(check.exitCode).toBe(2);
  expect(check.stderr).toMatch(
    /^builders: (?:Go is not installed; buildkitd is compiled with it \(https:\/\/go\.dev\/dl\/\)|buildkitd runs as root here)\n$/,
  );
  expect((await builders('run')).stderr).toBe('builders: give a command after -- (see script/builders --help)\n');
  expect((await builders('fly')).exitCode).toBe(2);
});
