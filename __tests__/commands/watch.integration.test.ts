import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run } from '../../src/system/exec';
import { bundle, kfpImages, type Ended } from '../run/world';
import { tempDir, type TempDir } from '../support/engine';
import { fakeActions, type FakeRun } from '../support/fakeActions';
import { startFakeGitHub, type FakeGitHub } from '../support/fakeGitHub';
import { Said } from '../support/said';
import { onTerminal } from '../support/terminal';

/* `watch` and `trigger --watch` as processes, with a fake GitHub. */

const token = 'ghp_wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww';
const plan = { name: 'Images / Plan', conclusion: 'success' } as const;
const build = { name: 'Images / Build and publish' } as const;
const states: readonly (readonly FakeRun[])[] = [
  [],
  [{ status: 'queued', jobs: [{ name: plan.name, status: 'queued' }] }],
  [
    {
      jobs: [
        { name: plan.name, steps: { 'Check out the commit': 'success', 'Read keywords and plan': 'in_progress' } },
      ],
    },
  ],
  [{ jobs: [plan, { ...build, steps: { 'Build and publish': 'in_progress' } }] }],
  [{ conclusion: 'success', jobs: [plan, { ...build, conclusion: 'success' }] }],
];

let folder: TempDir;
let clone: string;
let sha: string;
let github: FakeGitHub | undefined;

beforeEach(async () => {
  folder = await tempDir();
  clone = join(folder.path, 'clone');
  await git(folder.path, 'init', '--quiet', '--bare', 'origin.git');
  await git(folder.path, 'init', '--quiet', '--initial-branch=main', clone);
  await git(clone, 'config', 'user.name', 'Dana Fork');
  await git(clone, 'config', 'user.email', 'dana@example.com');
  await mkdir(join(clone, 'backend'));
  await writeFile(join(clone, 'backend/Dockerfile.driver'), 'FROM scratch\n');
  await git(clone, 'add', 'backend');
  await git(clone, 'commit', '--quiet', '--message', 'Fork');
  sha = await git(clone, 'rev-parse', 'HEAD');
});
afterEach(async () => {
  await github?.close();
  await folder.remove();
});

async function git(cwd: string, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run({
    command: 'git',
    args,
    cwd,
    env: { GIT_CONFIG_GLOBAL: '/dev/null' },
  });
  if (exitCode !== 0) throw new Error(stderr);
  return stdout.trim();
}

/** GitHub has these states of the commit's runs; the clone's origin is there, and a push goes to a folder. */
async function onGitHub(
  next: readonly (readonly FakeRun[])[],
  commit: string | null = sha,
  isPushed = true,
): Promise<FakeGitHub> {
  github = await startFakeGitHub({
    commits: isPushed ? [{ sha, message: 'Fork' }] : [],
    token,
    routes: fakeActions(commit ?? undefined, next),
  });
  await git(clone, 'remote', 'add', 'origin', `${github.repository.serverUrl}/prokube/pipelines.git`);
  await git(clone, 'remote', 'set-url', '--push', 'origin', join(folder.path, 'origin.git'));
  return github;
}

function env(own: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const url = github?.repository.serverUrl ?? '';
  return { GITHUB_SERVER_URL: url, GITHUB_API_URL: url, GITHUB_TOKEN: token, KFP_IMAGES_POLL_MS: '20', ...own };
}

async function watch(args: readonly string[] = [], own: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const ended = await kfpImages(clone, ['watch', ...args], { env: env(own) });
  expect(ended.stdout + ended.stderr).not.toContain(token);
  return ended;
}

const url = 'https://github.com/prokube/pipelines/actions/runs/1';

describe('watch', () => {
  test('waits for the run, tells each change once, and ends with 0 when it has succeeded', async () => {
    const { requests } = await onGitHub(states);
    const { exitCode, stdout, stderr } = await watch();
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toEqual([
      `GitHub has no run of build-backend-images.yaml for commit ${sha.slice(0, 12)} yet; waiting up to 2 min 0 s.`,
      `Build backend images #11 (push on main)  ${url}`,
      'Images / Plan: waits for a runner',
      'Images / Plan: Read keywords and plan',
      'Images / Plan: success after 1 min 5 s',
      'Images / Build and publish: Build and publish',
      'Images / Build and publish: success after 1 min 5 s',
      `Build backend images #11 (push on main): success after 1 min 5 s. ${url}`,
    ]);
    expect(new Set(requests.map(({ authorization }) => authorization))).toEqual(new Set([`token ${token}`]));
  });

  test.each(['failure', 'cancelled', 'timed_out'])('ends with 1 after: %s', async (conclusion) => {
    const failed = { ...build, conclusion: 'failure', steps: { Log: 'success', 'Build\u001b[2J': 'failure' } } as const;
    await onGitHub([[{ conclusion, jobs: [plan, failed] }]]);
    const { exitCode, stderr } = await watch();
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`(push on main): ${conclusion} after 1 min 5 s. ${url}`);
    expect(stderr).toContain(`  Images / Build and publish: failure in "Build\\x1b[2J". ${url}/job/101`);
  });

  test('a run of more jobs than GitHub lists at once', async () => {
    const jobs = Array.from({ length: 230 }, (_, index) => ({ name: `Job ${index}`, conclusion: 'success' }) as const);
    await onGitHub([[{ conclusion: 'success', jobs }]]);
    const { exitCode, stdout } = await watch(['--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ runs: [{ jobs: jobs.map(({ name }) => ({ name })) }] });
  });

  test('one JSON document', async () => {
    await onGitHub(states);
    const { exitCode, stdout } = await watch(['--json', '--commit', 'main']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'success',
      repository: 'prokube/pipelines',
      commit: sha,
      runs: [{ number: 11, conclusion: 'success', url, jobs: [{ name: plan.name }, { conclusion: 'success' }] }],
    });
  });

  test('a run that does not appear: what GitHub has instead, or that the commit was not pushed', async () => {
    await onGitHub([[{ file: 'ci.yml', name: 'CI', conclusion: 'success' }]]);
    const { exitCode, stderr } = await watch(['--appear', '1s']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('appeared within 1.0 s, but of "ci.yml". --workflow "ci.yml" follows one of these.');
    expect((await watch(['--workflow', 'ci.yml'])).exitCode).toBe(0);
  });

  test('a commit that was not pushed', async () => {
    await onGitHub([], sha, false);
    const { exitCode, stderr } = await watch(['--appear', '1s']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('GitHub does not have this commit yet: has it been pushed?');
    expect(stderr).toContain('Push it (git push), then watch again.');
  });

  test('a private repository without a token, and with a wrong one', async () => {
    await onGitHub(states);
    const none = await watch([], { GITHUB_TOKEN: '', PATH: await pathWithGh('exit 1') });
    expect(none.exitCode).toBe(1);
    expect(none.stderr).toContain('give a token that may read its Actions: `gh auth login`');
    const wrong = await watch([], { GITHUB_TOKEN: 'ghp_another' });
    expect(wrong.exitCode).toBe(1);
    expect(wrong.stderr).toContain('GitHub does not accept the token (401');
  });

  test('the token of gh, asked for the host; never that of another host', async () => {
    await onGitHub(states);
    const log = join(folder.path, 'gh.log');
    const PATH = await pathWithGh(`echo "$@" "$GITHUB_TOKEN$GH_TOKEN" >>'${log}'; echo ${token}`);
    const { exitCode, stderr } = await watch([], { GITHUB_TOKEN: '', PATH });
    expect(exitCode, stderr).toBe(0);
    await git(clone, 'remote', 'set-url', 'origin', 'https://git.example.com/dana/pipelines.git');
    const elsewhere = await watch([], { PATH: await pathWithGh('exit 1') });
    expect(elsewhere.exitCode).toBe(1);
    expect(elsewhere.stderr).toContain('No remote of this repository is known to be on GitHub');
  });

  test('GitHub is out of order, then asks to wait, then has a list without the run', async () => {
    const fake = await onGitHub(states.slice(1));
    fake.answerNext(
      { status: 502, body: 'Bad gateway' },
      { status: 429, headers: { 'retry-after': '1' }, body: { message: 'You have exceeded a secondary rate limit' } },
      'reset',
    );
    const { exitCode, stderr } = await watch();
    expect(exitCode, stderr).toBe(0);
  });

  test('an interrupt ends it with 130, and says that the run goes on', async () => {
    await onGitHub(states.slice(3, 4));
    let group = 0;
    const said = new Said();
    const ended = kfpImages(clone, ['watch'], {
      env: env(),
      onStart: (pid) => (group = pid),
      onStderr: (chunk) => {
        said.add(chunk);
        if (group === 0 || !said.text.includes('Build and publish')) return;
        process.kill(group, 'SIGINT');
        group = 0;
      },
    });
    const { exitCode, stderr } = await ended;
    expect(exitCode).toBe(130);
    expect(stderr).toContain(`The run goes on without being watched: ${url}`);
  });

  test('on a terminal each job has a line, redrawn in place', async () => {
    await onGitHub([...states.slice(0, 4), ...Array.from({ length: 20 }, () => states[3] ?? []), ...states.slice(4)]);
    const terminal = onTerminal(
      { command: process.execPath, args: [bundle('cli'), 'watch'] },
      { cwd: clone, env: env() },
    );
    const { exitCode, screen, bytes } = await terminal.ended;
    expect(exitCode, bytes).toBe(0);
    expect(bytes).toContain('\u001b[36m  ▸ Images / Build and publish');
    expect(screen.split('\n').slice(1)).toEqual([
      'Build backend images #11 (push on main)  1 min 5 s',
      '  ✔ Images / Plan  1 min 5 s  success',
      '  ✔ Images / Build and publish  1 min 5 s  success',
      `Build backend images #11 (push on main): success after 1 min 5 s. ${url}`,
    ]);
  });
});

describe('trigger --watch', () => {
  const trigger = (own: readonly string[] = []) =>
    kfpImages(clone, ['trigger', '--images', 'driver', '--allow-empty', '--watch', ...own], { env: env() });

  test('pushes, then follows the run of that commit; the exit status is the run’s', async () => {
    await git(clone, 'push', '--quiet', join(folder.path, 'origin.git'), 'main');
    const { requests } = await onGitHub(states, null);
    const done = await trigger(['--json']);
    expect(done.exitCode, done.stderr).toBe(0);
    const pushed = await git(join(folder.path, 'origin.git'), 'rev-parse', 'main');
    expect(pushed).not.toBe(sha);
    expect(JSON.parse(done.stdout)).toMatchObject({
      kind: 'pushed',
      commit: pushed,
      watch: { kind: 'success', runs: [{ url }] },
    });
    expect(new Set(requests.flatMap(({ query }) => query['head_sha'] ?? []))).toEqual(new Set([pushed]));
  });

  test('a run that fails', async () => {
    await git(clone, 'push', '--quiet', join(folder.path, 'origin.git'), 'main');
    await onGitHub([[{ conclusion: 'failure', jobs: [] }]], null);
    const failed = await trigger();
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toMatch(/Pushed [0-9a-f]{12} to origin\/main: Trigger image build: \[driver\]\n/);
    expect(failed.stderr).toContain(`(push on main): failure after 1 min 5 s. ${url}`);
  });

  test('without GitHub nothing is committed', async () => {
    await git(clone, 'remote', 'add', 'origin', join(folder.path, 'origin.git'));
    const { exitCode, stderr } = await trigger();
    expect(exitCode).toBe(1);
    expect(stderr).toContain('No remote of this repository is known to be on GitHub');
    expect(await git(clone, 'rev-parse', 'HEAD')).toBe(sha);
  });
});

/** A PATH on which `gh` is this script. */
async function pathWithGh(script: string): Promise<string> {
  const bin = join(folder.path, 'bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'gh'), `#!/bin/sh\n${script}\n`);
  await chmod(join(bin, 'gh'), 0o755);
  return `${bin}:${process.env['PATH'] ?? ''}`;
}
