import { cp, mkdir, readdir, stat } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, type Finished } from '../src/system/exec';
import { tempDir, type TempDir } from './support/engine';
import { createFork, createRepository, type TestRepository } from './support/fork';

/*
 * The README's first step, with the npm that came with Node.js 22 and 24 and the newest: real npm from the registry, a real git
 * repository, the package as it is here. Kubeflow Pipelines is the demo's small fork.
 */

/** By the name under which each is installed. */
const npms = { npm10: '10.9.9', npm11: '11.21.2', npm12: '12.2.2' } as const;
type Npm = keyof typeof npms;
const names: readonly Npm[] = ['npm10', 'npm11', 'npm12'];

/** Kept between runs, like installed packages. */
const cache = join(process.cwd(), 'node_modules', '.cache', 'kfp-images', 'npm');
const cli = (npm: Npm, program: 'npm' | 'npx'): string => join(cache, 'node_modules', npm, 'bin', `${program}-cli.js`);

let folder: TempDir;
let fork: TestRepository;
let source: TestRepository;
/** The address of the bare repository, as npm takes it. */
let address: string;

/** Runs a program as on a new machine: this Node.js first on PATH, a home of the test's own, no settings of npm. */
const onNewMachine = (cwd: string, program: string, ...args: readonly string[]): Promise<Finished> => {
  const settings = {
    PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
    HOME: folder.path,
    npm_config_globalconfig: join(folder.path, 'npmrc-of-all'),
    npm_config_update_notifier: 'false',
  };
  const pairs = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return run({ command: 'env', args: ['-i', ...pairs, program, ...args], cwd });
};

/** `--offline`: an installation needs nothing of a registry. */
const npm = (which: Npm, ...args: readonly string[]): Promise<Finished> =>
  onNewMachine(folder.path, process.execPath, cli(which, 'npm'), '--offline', ...args);

beforeAll(async () => {
  [folder, fork, source] = await Promise.all([tempDir(), createFork(), createRepository()]);
  if (!names.every((name) => existsSync(cli(name, 'npm')))) {
    await mkdir(cache, { recursive: true });
    const packages = names.map((name) => `${name}@npm:npm@${npms[name]}`);
    const args = [
      'install',
      '--prefix',
      cache,
      '--no-save',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      ...packages,
    ];
    const { exitCode, stderr } = await run({ command: 'npm', args });
    if (exitCode !== 0) throw new Error(`npm can't be installed: ${stderr}`);
  }
  const { stdout } = await run({ command: 'git', args: ['ls-files', '-z'] });
  for (const path of stdout.split('\0').filter((each) => each !== '' && existsSync(each))) {
    await cp(path, join(source.directory, path));
  }
  await source.commit('Release');
  await source.git('tag', 'v1');
  const bare = join(folder.path, 'kfp-images.git');
  await source.git('clone', '--quiet', '--bare', source.directory, bare);
  address = `git+file://${bare}#v1`;
});
afterAll(() => Promise.all([folder.remove(), fork.remove(), source.remove()]));

/** That a command plans in a fork. */
function plans({ exitCode, stdout }: Finished): void {
  expect(exitCode).toBe(0);
  expect((JSON.parse(stdout) as { readonly images: readonly unknown[] }).images).toHaveLength(8);
}

/** That what was installed is one package of at most 5 MB, without a warning, whose command runs. */
async function isInstalled(prefix: string, { exitCode, stderr, stdout }: Finished): Promise<void> {
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/added 1 package in/);
  const modules = join(prefix, 'lib', 'node_modules');
  expect(await readdir(modules)).toEqual(['kfp-images']);
  const files = await readdir(modules, { recursive: true, withFileTypes: true });
  const sizes = files.filter((file) => file.isFile()).map(({ parentPath, name }) => stat(join(parentPath, name)));
  expect((await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0)).toBeLessThan(5e6);
  const command = join(prefix, 'bin', 'kfp-images');
  expect((await onNewMachine(fork.directory, command, '--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  plans(await onNewMachine(fork.directory, command, 'plan', '--images', 'all', '--json'));
}

describe.each(names)('%s', (which) => {
  const prefix = (way: string): string => join(folder.path, `${which}-${way}`);
  const install = (way: string, ...args: readonly string[]): Promise<Finished> =>
    npm(which, 'install', '--global', '--prefix', prefix(way), ...args);
  // What npm 12 wants to be asked for: https://docs.npmjs.com/cli/v12/using-npm/config#allow-git . The others leave it alone.
  const allowed = which === 'npm12' ? ['--allow-git=root'] : [];

  it('installs from a git repository', async () => {
    await isInstalled(prefix('git'), await install('git', '--allow-git=root', address));
  });

  it('installs from a packed file', async () => {
    const packed = prefix('pack');
    await mkdir(packed);
    const { exitCode, stdout } = await npm(which, 'pack', '--pack-destination', packed, source.directory);
    expect(exitCode).toBe(0);
    await isInstalled(prefix('file'), await install('file', join(packed, stdout.trim())));
  });

  it('npx runs it from a git repository', async () => {
    const npx = [cli(which, 'npx'), '--offline', '--yes', ...allowed, address];
    plans(await onNewMachine(fork.directory, process.execPath, ...npx, 'plan', '--images', 'all', '--json'));
  });
});

it('npm 12 refuses a git repository unless it is allowed, which the README says', async () => {
  const refused = await npm('npm12', 'install', '--global', '--prefix', join(folder.path, 'refused'), address);
  expect(refused.exitCode).not.toBe(0);
  expect(refused.stderr).toContain('EALLOWGIT');
});
