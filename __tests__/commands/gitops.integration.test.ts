import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { run, type Finished } from '../../src/system/exec';
import type { LockFile } from '../../src/types';
import { createPublishedFork, type PublishedFork } from '../deploy/publishedFork';
import { bundle } from '../run/world';
import { tempDir, type TempDir } from '../support/engine';
import { startRegistry, type TestRegistry } from '../support/registry';

/* `kfp-images gitops` as a user calls it, with a real registry and a real repository. */

let folder: TempDir;
let registry: TestRegistry;
let fork: PublishedFork;
let lock: LockFile;
let round = 0;
const work = (): string => join(folder.path, `work-${round}`);

const values = (): string =>
  `api:\n  repository: ${registry.path}/apiserver\n  tag: v1 # kept\ndriver: "${registry.path}/driver:v1"\nlauncher: ${registry.path}/launcher:v1\n`;

beforeAll(async () => {
  folder = await tempDir();
  registry = await startRegistry();
  fork = await createPublishedFork(registry, folder.path);
  lock = await fork.publish(fork.commits[0] ?? '');
});
afterAll(async () => {
  await registry.stop();
  await folder.remove();
});
beforeEach(async () => {
  round++;
  const { git } = fork;
  await git('init', '--quiet', '--bare', join(folder.path, `origin-${round}.git`));
  await git('clone', '--quiet', join(folder.path, `origin-${round}.git`), work());
  await mkdir(join(work(), 'kfp'));
  await writeFile(join(work(), 'kfp', 'values.yaml'), values());
  await git('-C', work(), 'add', '.');
  await git('-C', work(), 'commit', '--quiet', '--message', 'Start');
  await git('-C', work(), 'push', '--quiet', 'origin', 'HEAD:main');
});

const gitops = (...flags: readonly string[]): Promise<Finished> =>
  run({
    command: process.execPath,
    args: [bundle('cli'), 'gitops', `--repository=${work()}`, '--file=kfp/values.yaml', ...flags],
    cwd: fork.directory,
    env: fork.env,
  });
const published = async (...flags: readonly string[]): Promise<Finished> =>
  gitops(`--registry-path=${registry.path}`, `--commit=${fork.commits[0] ?? ''}`, ...flags);
const commits = async (): Promise<string> =>
  (await fork.git('-C', work(), 'ls-remote', 'origin', 'main')).split('\t')[0] ?? '';

test('--check prints what a push would change and exits with 1; after the push with 0', async () => {
  const before = await commits();
  const checked = await published('--check', '--value=api.tag=apiserver:commit');
  expect(checked.exitCode, checked.stderr).toBe(1);
  expect(checked.stdout).toContain(`kfp/values.yaml: api.tag: v1 -> commit-${lock.commit}\n`);
  expect(checked.stdout).toContain(`+  tag: commit-${lock.commit} # kept\n`);
  expect(await commits()).toBe(before);
  const pushed = await published('--json');
  expect(pushed.exitCode, pushed.stderr).toBe(0);
  expect(JSON.parse(pushed.stdout)).toMatchObject({
    kind: 'pushed',
    edits: [
      { file: 'kfp/values.yaml', path: 'api.tag', image: 'apiserver', old: 'v1', new: `commit-${lock.commit}` },
      { path: 'driver', old: `${registry.path}/driver:v1` },
      { path: 'launcher' },
    ],
  });
  expect((await published('--check')).exitCode).toBe(0);
  await fork.git('-C', work(), 'pull', '--quiet', 'origin', 'main');
  expect(await readFile(join(work(), 'kfp', 'values.yaml'), 'utf8')).toContain(`tag: commit-${lock.commit} # kept`);
});

test('a file that is named twice, in several ways, is one', async () => {
  const checked = await published('--check', '--json', '--file=./kfp/values.yaml', '--file=kfp//x/../values.yaml');
  expect(checked.exitCode, checked.stderr).toBe(1);
  expect(JSON.parse(checked.stdout)).toMatchObject({ edits: [{ path: 'api.tag' }, {}, {}] });
  const outside = await published('--check', '--file=../values.yaml');
  expect(outside.exitCode).toBe(2);
  expect(outside.stderr).toContain('--file: "../values.yaml" is not the path of a file from the top');
});

test('digests that the registry does not have are refused, and nothing is pushed', async () => {
  const before = await commits();
  const driver = { ...lock.images['driver'], digest: `sha256:${'1'.repeat(64)}` };
  const file = join(folder.path, 'invented.json');
  await writeFile(file, JSON.stringify({ ...lock, images: { ...lock.images, driver } }));
  const { exitCode, stderr } = await gitops(`--lock=${file}`);
  expect(stderr).toMatch(/The registry does not have \S+\/driver@sha256:1111.*Nothing is written/s);
  expect(exitCode).toBe(1);
  expect(await commits()).toBe(before);
});

test('a lock file of two sets is refused: it was edited, or merged', async () => {
  const before = await commits();
  const other = await fork.publish(fork.commits[1] ?? '');
  const file = join(folder.path, 'mixed.json');
  await writeFile(file, JSON.stringify({ ...lock, images: { ...lock.images, driver: other.images['driver'] } }));
  const { exitCode, stderr } = await gitops(`--lock=${file}`);
  expect(stderr).toContain(
    `The set of commit ${lock.commit} is mixed: its apiserver was published with V2_DRIVER_IMAGE=`,
  );
  expect(exitCode).toBe(2);
  const text = JSON.stringify(lock, null, 2);
  await writeFile(file, `<<<<<<< HEAD\n${text}\n=======\n${text}\n>>>>>>> feature\n`);
  expect((await gitops(`--lock=${file}`)).stderr).toContain('git left the marks of a merge conflict in it');
  await writeFile(file, `\uFEFF${text.replaceAll('\n', '\r\n')}`);
  expect((await gitops(`--lock=${file}`, '--dry-run')).exitCode).toBe(0);
  expect(await commits()).toBe(before);
});

test('a set of another registry path: where it belongs is said, and it is found there', async () => {
  const commit = fork.commits[0] ?? '';
  const [host = '', ...rest] = registry.path.split('/');
  const other = host.replace('127.0.0.1', 'localhost');
  expect(other).not.toBe(host);
  const set = (...flags: readonly string[]): Promise<Finished> =>
    run({
      command: process.execPath,
      args: [bundle('cli'), 'set', '--commit', commit, ...flags],
      cwd: fork.directory,
      env: { ...fork.env, DOCKER_CONFIG: join(folder.path, 'no-login') },
    });
  const login = await readFile(join(fork.env['DOCKER_CONFIG'] ?? '', 'config.json'), 'utf8');
  await mkdir(join(folder.path, 'no-login'), { recursive: true });
  await writeFile(join(folder.path, 'no-login', 'config.json'), login.replaceAll(host, other));
  const refused = await set('--registry-path', [other, ...rest].join('/'));
  expect(refused.stderr).toContain(
    `is not a release set of this registry path: it says that its images are ${registry.path}/…`,
  );
  const [, path = '', hosts = ''] =
    /give (--registry-path \S+); .* also (--registry-hosts \S+)\.$/m.exec(refused.stderr) ?? [];
  const found = await set(...path.split(' '), ...hosts.split(' '));
  expect(found.exitCode, `${refused.stderr}${found.stderr}`).toBe(0);
  expect(JSON.parse(found.stdout)).toMatchObject({ commit, registryPath: registry.path });
});

test('a tag that does not name the image of the set is refused', async () => {
  const other = fork.commits[2] ?? '';
  const file = join(folder.path, 'other.json');
  await writeFile(file, JSON.stringify({ ...lock, commit: other }));
  const { exitCode, stderr } = await gitops(`--lock=${file}`);
  expect(stderr).toMatch(new RegExp(`no tag \\S+/apiserver:commit-${other}.*Write the digest`, 's'));
  expect(exitCode).toBe(1);
});

test('a driver without its apiserver is refused', async () => {
  const others = Object.fromEntries(Object.entries(lock.images).filter(([name]) => name !== 'apiserver'));
  const file = join(folder.path, 'half.json');
  await writeFile(file, JSON.stringify({ ...lock, images: others }));
  const { exitCode, stderr } = await gitops(`--lock=${file}`);
  expect(stderr).toMatch(/The set has driver but not apiserver/);
  expect(exitCode).toBe(2);
});

test('merge requests for two clusters and a branch of releases stand beside each other, and a repeat makes no other one', async () => {
  const { git } = fork;
  await mkdir(join(work(), 'staging'));
  await writeFile(join(work(), 'staging', 'values.yaml'), values());
  await git('-C', work(), 'add', '.');
  await git('-C', work(), 'commit', '--quiet', '--message', 'Another cluster');
  await git('-C', work(), 'push', '--quiet', 'origin', 'HEAD:main', 'HEAD:release');
  const asked = async (...flags: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await published('--merge-request', '--json', ...flags);
    expect(exitCode, stderr).toBe(0);
    const { kind, branch } = JSON.parse(stdout) as { readonly kind: string; readonly branch: string };
    return `${kind} ${branch}`;
  };
  const changed = async (branch: string, base: string): Promise<string> => {
    await git('-C', work(), 'fetch', '--quiet', 'origin');
    return git('-C', work(), 'diff', '--name-only', `origin/${base}`, `origin/${branch.split(' ')[1] ?? ''}`);
  };
  const one = await asked();
  const both = await asked('--file=staging/values.yaml');
  const release = await asked('--branch=release');
  expect(new Set([one, both, release]).size).toBe(3);
  expect(await changed(one, 'main')).toBe('kfp/values.yaml');
  expect(await changed(both, 'main')).toBe('kfp/values.yaml\nstaging/values.yaml');
  expect(await changed(release, 'release')).toBe('kfp/values.yaml');
  expect(await asked()).toBe(one.replace('pushed', 'exists'));
  expect(await asked('--file=staging/values.yaml')).toBe(both.replace('pushed', 'exists'));
});
