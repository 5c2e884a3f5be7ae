import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { allCommands } from '../../src/commands/commandLine';
import { childEnvironment } from '../../src/system/childEnvironment';
import { repositoryOf } from '../bounds/measured';
import { tempDir, type TempDir } from '../support/engine';
import { Said } from '../support/said';
import { before, bundle, programs, stackLine } from './world';

/* Standard output that nobody reads any more, and one on a full disk: every command and the Action, through the bundle. */

let folder: TempDir;
let home: TempDir;
let env: Readonly<Record<string, string>>;
let sha: string;
const commands = await allCommands();

beforeAll(async () => {
  [folder, home] = await Promise.all([tempDir(), tempDir()]);
  sha = await repositoryOf(folder.path, { 'backend/Dockerfile.driver': 'FROM scratch\n', a: '' });
  const list = '{"apiVersion":"v1","kind":"List","items":[]}';
  const bin = await programs(home.path, {
    kubectl: `case "$*" in *current-context*) echo c;; *) echo '${list}';; esac`,
    docker: 'exit 1',
    gh: 'exit 1',
  });
  const image = (name: string): object => ({
    repository: `127.0.0.1:9/p/r/${name}`,
    digest: `sha256:${'a'.repeat(64)}`,
    key: 'b'.repeat(64),
  });
  const images = { driver: image('driver'), launcher: image('launcher'), apiserver: image('apiserver') };
  const lock = { version: 1, commit: 'c'.repeat(40), registryPath: '127.0.0.1:9/p/r', images };
  await writeFile(join(home.path, 'lock.json'), JSON.stringify(lock));
  await writeFile(join(home.path, 'key'), 'secret');
  env = {
    ...{ PATH: before(bin), HOME: home.path, DOCKER_CONFIG: home.path, KUBECONFIG: join(home.path, 'none') },
    ...{
      GIT_CONFIG_GLOBAL: '/dev/null',
      GITHUB_SERVER_URL: 'http://127.0.0.1:9',
      GITHUB_API_URL: 'http://127.0.0.1:9',
    },
  };
});
afterAll(async () => {
  await Promise.all([folder.remove(), home.remove()]);
});

type Output = 'read' | 'gone' | 'full';

async function ended(
  entry: 'cli' | 'main',
  args: readonly string[],
  output: Output,
  more: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number | null; readonly stdout: string; readonly stderr: string }> {
  const full = output === 'full' ? createWriteStream('/dev/full') : undefined;
  if (full !== undefined) await once(full, 'open');
  const child = spawn(process.execPath, [bundle(entry), ...args], {
    cwd: folder.path,
    env: { ...childEnvironment({ env, unset: ['GITHUB_ACTIONS', 'KFP_IMAGES_ENGINE'] }), ...more },
    stdio: ['ignore', full ?? 'pipe', 'pipe'],
  });
  const [stdout, stderr] = [new Said(), new Said()];
  if (output === 'gone') child.stdout?.destroy();
  else child.stdout?.on('data', stdout.add);
  child.stderr?.on('data', stderr.add);
  await once(child, 'close');
  full?.destroy();
  return { status: child.exitCode, stdout: stdout.text, stderr: stderr.text };
}

/** The command ends as it does with a reader; what can't be written on a full disk is an error, in words. */
async function expectSurvives(
  entry: 'cli' | 'main',
  args: readonly string[],
  more?: Readonly<Record<string, string>>,
): Promise<string> {
  const [read, gone, full] = [
    await ended(entry, args, 'read', more),
    await ended(entry, args, 'gone', more),
    await ended(entry, args, 'full', more),
  ];
  for (const { stderr } of [read, gone, full]) {
    expect(stderr).not.toMatch(stackLine);
    expect(stderr).not.toMatch(/EPIPE|Unhandled/);
  }
  expect(gone.status, gone.stderr).toBe(read.status);
  expect(full.status, full.stderr).toBe(read.stdout === '' || read.status !== 0 ? read.status : 1);
  if (read.stdout !== '') expect(full.stderr).toContain("Standard output can't be written (ENOSPC). Is the disk full?");
  return read.stdout;
}

const set = ['--registry-path', '127.0.0.1:9/p/r'];
/** A call of each command that comes to an end without network, engine and cluster; most print something. */
const calls: Readonly<Record<string, (home: string) => readonly string[]>> = {
  build: () => ['--images', 'driver', '--dry-run', '--json'],
  plan: () => ['--images', 'driver', '--explain'],
  trigger: () => ['--images', 'driver', '--allow-empty', '--dry-run', '--json'],
  watch: () => ['--commit', 'HEAD', '--json'],
  init: () => ['--from', `o/kfp-images@${'a'.repeat(40)}`, '--json'],
  deploy: (at) => ['--lock', join(at, 'lock.json'), '--dry-run', '--json'],
  rollback: () => ['--dry-run', '--json'],
  set: () => [...set, '--json'],
  verify: () => [...set, '--json'],
  report: () => [...set, '--json'],
  status: () => ['--json'],
  'pull-secret': (at) => [...set, '--key', join(at, 'key'), '--username', 'u', '--json'],
  gitops: (at) => ['--lock', join(at, 'lock.json'), '--file', 'a', '--check', '--json'],
  prune: () => [...set, '--json'],
  doctor: () => ['--json'],
  'setup-gcp': () => ['--registry-path', 'europe-west3-docker.pkg.dev/p/r', '--repository', 'o/r', '--json'],
  completions: () => ['bash'],
};

it.each(commands.map(({ name }) => name))('%s, and its help', async (name) => {
  const call = calls[name];
  expect(call, `a call of ${name}`).toBeDefined();
  await expectSurvives('cli', [name, ...(call?.(home.path) ?? [])]);
  const help = await ended('cli', [name, '--help'], 'full');
  expect(help).toMatchObject({ status: 1, stderr: expect.stringContaining('(ENOSPC). Is the disk full?') as string });
});

it('--help, --version and a mistake', async () => {
  for (const args of [['--help'], ['--version'], ['nonsense']]) await expectSurvives('cli', args);
});

it('the Action', async () => {
  const event = join(home.path, 'event.json');
  await writeFile(event, JSON.stringify({ repository: { full_name: 'o/r', default_branch: 'main' } }));
  const said = await expectSurvives('main', [], {
    ...{ GITHUB_ACTIONS: 'true', GITHUB_EVENT_NAME: 'workflow_dispatch', GITHUB_EVENT_PATH: event },
    ...{ GITHUB_WORKSPACE: folder.path, GITHUB_SHA: sha, GITHUB_REF: 'refs/heads/main', GITHUB_REPOSITORY: 'o/r' },
    ...{ RUNNER_TEMP: home.path, INPUT_IMAGES: 'driver', 'INPUT_DRY-RUN': 'true' },
  });
  expect(said).toContain('Plan only');
});
