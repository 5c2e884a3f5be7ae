import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run, type Finished } from '../../src/system/exec';
import { bundle } from '../run/world';
import { tempDir, type TempDir } from '../support/engine';

/* Clones that do not have every file: sparse checkouts, and partial clones, as of a large repository. The bundle, and git itself. */

let folder: TempDir;
const at = (...parts: readonly string[]): string => join(folder.path, ...parts);
const env = (): Record<string, string> => ({ GIT_CONFIG_GLOBAL: at('gitconfig'), GIT_CONFIG_NOSYSTEM: '1' });

async function git(cwd: string, ...args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await run({ command: 'git', args, cwd, env: env() });
  if (exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
}

const kfpImages = (cwd: string, ...args: readonly string[]): Promise<Finished> =>
  run({ command: process.execPath, args: [bundle('cli'), ...args], cwd, env: env() });

beforeAll(async () => {
  folder = await tempDir();
  await writeFile(
    at('gitconfig'),
    '[user]\n\tname = Dana\n\temail = dana@example.com\n[init]\n\tdefaultBranch = main\n[uploadpack]\n\tallowFilter = true\n\tallowAnySHA1InWant = true\n',
  );
  const files = {
    '.github/kfp-images.yaml':
      'version: 1\nimages:\n  auth:\n    dockerfile: services/auth/Dockerfile\n  web:\n    dockerfile: web/Dockerfile\n',
    'services/auth/Dockerfile': 'FROM scratch\nCOPY services/auth/a /a\n',
    'services/auth/a': 'a\n',
    'web/Dockerfile': 'FROM scratch\nCOPY web/w /w\n',
    'web/w': 'w\n',
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(at('seed', path)), { recursive: true });
    await writeFile(at('seed', path), text);
  }
  await git(at('seed'), 'init', '--quiet');
  await git(at('seed'), 'add', '.');
  await git(at('seed'), 'commit', '--quiet', '--message', 'Start');
  await git(folder.path, 'clone', '--quiet', '--bare', 'seed', 'origin.git');
});
afterAll(async () => {
  await folder.remove();
});

test('a sparse checkout: catalog, Dockerfiles and workflow count though they are not on disk', async () => {
  await git(folder.path, 'clone', '--quiet', `file://${at('origin.git')}`, 'sparse');
  await git(at('sparse'), 'sparse-checkout', 'set', 'services');
  const planned = await kfpImages(at('sparse'), 'plan', '--images', 'web', '--json');
  expect(JSON.parse(planned.stdout)).toMatchObject({ images: [{ name: 'web', action: 'build' }] });
  const doctor = await kfpImages(at('sparse'), 'doctor');
  expect(doctor.stdout).toMatch(/✔ Catalog +2 images, \.github\/kfp-images\.yaml/);
  expect(doctor.stdout).toMatch(/✔ Dockerfiles +all 2 are there/);
  const init = await kfpImages(at('sparse'), 'init', '--from', `acme/kfp-images@${'1'.repeat(40)}`, '--dry-run');
  expect(init.exitCode, init.stderr).toBe(0);
  // A second catalog at the top would take the place of the one in .github.
  expect(`${init.stdout}${init.stderr}`).not.toMatch(/ kfp-images\.yaml$/m);
  expect(`${init.stdout}${init.stderr}`).toContain('git add --sparse .github/workflows/build-backend-images.yaml');
});

test('a sparse checkout without a catalog: one is proposed of all Dockerfiles', async () => {
  await git(folder.path, 'clone', '--quiet', `file://${at('origin.git')}`, 'proposed');
  await git(at('proposed'), 'rm', '--quiet', '.github/kfp-images.yaml');
  await git(at('proposed'), 'commit', '--quiet', '--message', 'No catalog');
  await git(at('proposed'), 'sparse-checkout', 'set', 'services');
  const init = await kfpImages(at('proposed'), 'init', '--from', `acme/kfp-images@${'1'.repeat(40)}`);
  expect(init.exitCode, init.stderr).toBe(0);
  const planned = await kfpImages(at('proposed'), 'plan', '--images', 'all', '--catalog', 'kfp-images.yaml', '--json');
  expect(JSON.parse(planned.stdout)).toMatchObject({ images: [{ name: 'auth' }, { name: 'web' }] });
});

test('a catalog that was deleted on purpose is not read from the index', async () => {
  await git(folder.path, 'clone', '--quiet', `file://${at('origin.git')}`, 'deleted');
  await rm(at('deleted', '.github'), { recursive: true });
  expect((await kfpImages(at('deleted'), 'doctor')).stdout).toMatch(/✔ Catalog +8 images, built in/);
});

/** Without any file's content, and nothing checked out. */
const partialClone = (name: string): Promise<unknown> =>
  git(folder.path, 'clone', '--quiet', '--filter=blob:none', '--no-checkout', `file://${at('origin.git')}`, name);

test('a partial clone whose remote is gone: what is missing, and how to get it', async () => {
  await partialClone('part');
  expect((await kfpImages(at('part'), 'plan', '--images', 'auth')).exitCode).toBe(0);
  await partialClone('cut');
  await rename(at('origin.git'), at('gone.git'));
  const { exitCode, stderr } = await kfpImages(at('cut'), 'plan', '--images', 'auth');
  expect(stderr).toMatch(
    /is a partial clone: it lacks files .*persist-credentials: true.*git fetch --refetch --no-filter/s,
  );
  expect(exitCode).toBe(1);
  await rename(at('gone.git'), at('origin.git'));
  await git(at('cut'), 'fetch', '--quiet', '--refetch', '--no-filter');
  await rename(at('origin.git'), at('gone.git'));
  expect((await kfpImages(at('cut'), 'plan', '--images', 'auth')).exitCode).toBe(0);
});

test('a folder that is gone: a sentence, no stack', async () => {
  await mkdir(at('gone'));
  const { exitCode, stderr } = await run({
    command: 'sh',
    args: ['-c', 'rmdir "$PWD" && exec "$@"', 'sh', process.execPath, bundle('cli'), 'plan'],
    cwd: at('gone'),
    env: env(),
  });
  expect(stderr).toContain('The folder that this command was started in does not exist any more.');
  expect(stderr).not.toContain('    at ');
  expect(exitCode).toBe(1);
});
