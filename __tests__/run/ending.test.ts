import { createWriteStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allCommands } from '../../src/commands/commandLine';
import { childEnvironment } from '../../src/system/childEnvironment';
import { git, repositoryOf } from '../bounds/measured';
import { tempDir, type TempDir } from '../support/engine';
import { before, bundle, programs, stackLine } from './world';

/* How commands end that nobody lets come to an end, by SIGTERM. Through the bundle. */

let folder: TempDir;
let home: TempDir;
let silent: Server;
let port: number;
const sockets = new Set<Socket>();
beforeEach(async () => {
  [folder, home] = await Promise.all([tempDir(), tempDir()]);
  // A server that takes what it is sent and never says a word.
  silent = createServer((socket) => void sockets.add(socket.on('error', () => undefined).on('data', () => undefined)));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const address = silent.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
  await repositoryOf(folder.path, { 'backend/Dockerfile.driver': 'FROM scratch\n', a: '' });
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  silent.close();
  await Promise.all([folder.remove(), home.remove()]);
});

/** What every command has: a home, GitHub and a registry that never answer, and programs that ignore signals and never end. */
async function environment(): Promise<Readonly<Record<string, string>>> {
  // They say that they run, so that the signal does not come before.
  const stubborn = `trap '' TERM INT HUP\necho $$ >>${home.path}/pids\nwhile :; do sleep 1; done`;
  const bin = await programs(home.path, { kubectl: stubborn, docker: stubborn, gh: stubborn, helm: stubborn });
  const url = `http://127.0.0.1:${String(port)}`;
  return {
    PATH: before(bin),
    HOME: home.path,
    DOCKER_CONFIG: home.path,
    KUBECONFIG: join(home.path, 'none'),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GITHUB_SERVER_URL: url,
    GITHUB_API_URL: url,
    GITHUB_TOKEN: 'ghp_x',
  };
}

const digest = `sha256:${'a'.repeat(64)}`;
function lockOf(registry: string): string {
  const image = (name: string): object => ({ repository: `${registry}/${name}`, digest, key: 'b'.repeat(64) });
  const images = { driver: image('driver'), launcher: image('launcher'), apiserver: image('apiserver') };
  return JSON.stringify({ version: 1, commit: 'c'.repeat(40), registryPath: registry, images });
}

/** Arguments with which a command comes to wait: for a server, or for a child. */
const waiting: Readonly<Record<string, (registry: string) => readonly string[]>> = {
  build: (registry) => ['build', '--images', 'driver', '--registry-path', registry],
  plan: (registry) => ['plan', '--images', 'driver', '--registry-path', registry],
  watch: () => ['watch'],
  trigger: () => ['trigger', '--images', 'driver', '--allow-empty'],
  deploy: () => ['deploy', '--lock', 'lock.json', '--yes'],
  rollback: () => ['rollback', '--yes'],
  set: (registry) => ['set', '--registry-path', registry],
  report: (registry) => ['report', '--registry-path', registry],
  status: () => ['status'],
  'pull-secret': (registry) => ['pull-secret', '--key', 'key', '--username', 'u', '--registry-path', registry],
  gitops: () => ['gitops', '--lock', 'lock.json', '--file', 'a', '--repository', 'http://SERVER/r.git'],
  prune: (registry) => ['prune', '--registry-path', registry],
  doctor: (registry) => ['doctor', '--registry-path', registry],
  verify: (registry) => ['verify', '--registry-path', registry],
};
/** These ask nobody: they are done before a signal could come. */
const atOnce = ['completions', 'setup-gcp', 'init'];

it('every command is known here', async () => {
  const names = (await allCommands()).map(({ name }) => name);
  expect([...Object.keys(waiting), ...atOnce]).toEqual(expect.arrayContaining(names));
});

interface Run {
  readonly status: number | null;
  readonly signal: string | null;
  readonly output: string;
  /** Milliseconds from the start until it waits. */
  readonly before: number;
  /** Milliseconds from the signal to the end. */
  readonly took: number;
}

async function terminated(args: readonly string[], stdin: 'ignore' | 'pipe' = 'ignore'): Promise<Run> {
  const env = await environment();
  const child = spawn(process.execPath, [bundle('cli'), ...args], {
    cwd: folder.path,
    env: childEnvironment({ env, unset: ['GITHUB_ACTIONS', 'GCP_SA_KEY'] }),
    stdio: [stdin, 'pipe', 'pipe'],
  });
  const started = performance.now();
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const closed = once(child, 'close');
  // Until it waits: somebody was called, or for two seconds it had nothing to do.
  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  const hasCalled = async (): Promise<boolean> => sockets.size > 0 || (await pids()).length > 0;
  for (let asleep = 0; running() && asleep < 20 && (stdin === 'pipe' || !(await hasCalled()));) {
    await sleep(100);
    asleep = stdin === 'pipe' && / S /.test(await statOf(child.pid)) ? asleep + 1 : 0;
  }
  if (stdin === 'ignore') expect(await hasCalled(), output).toBe(true);
  const sent = performance.now();
  child.kill('SIGTERM');
  await closed;
  return {
    status: child.exitCode,
    signal: child.signalCode,
    output,
    before: sent - started,
    took: performance.now() - sent,
  };
}

async function pids(): Promise<readonly number[]> {
  const text = await readFile(join(home.path, 'pids'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
}

/** 2 s are promised; a machine that has other things to do takes as much longer as it took to come so far. */
function expectSoon({ before, took }: Pick<Run, 'before' | 'took'>): void {
  expect(took).toBeLessThan(Math.max(6000, 5 * before));
}

/** A zombie has ended; nobody has asked how yet. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await statOf(pid);
  return stat !== '' && !/\) [ZX] /.test(stat);
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
async function statOf(pid = 0): Promise<string> {
  return readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => '');
}

describe('SIGTERM ends', () => {
  beforeEach(async () => {
    await git(folder.path, ['remote', 'add', 'origin', `http://127.0.0.1:${String(port)}/o/r.git`]);
    for (const [name, value] of [
      ['user.name', 'a'],
      ['user.email', 'a@e'],
      ['branch.main.remote', 'origin'],
      ['branch.main.merge', 'refs/heads/main'],
    ] as const)
      await git(folder.path, ['config', name, value]);
    await git(folder.path, ['reset', '--quiet', '--hard']);
    await writeFile(join(folder.path, 'lock.json'), lockOf(`127.0.0.1:${String(port)}/p`));
    await writeFile(join(folder.path, 'key'), 'secret');
    await mkdir(join(home.path, '.config'), { recursive: true });
  });

  it.each(Object.keys(waiting))('%s, and every child of it', async (name) => {
    const args = waiting[name]?.(`127.0.0.1:${String(port)}/p`) ?? [];
    const { status, signal, output, ...times } = await terminated(
      args.map((each) => each.replace('SERVER', `127.0.0.1:${String(port)}`)),
    );
    expect(output).not.toMatch(stackLine);
    expect(signal ?? status, output).toBe(signal === null ? 143 : 'SIGTERM');
    expectSoon(times);
    // The system takes a moment for what was killed; by themselves they would not end.
    for (const pid of await pids())
      await expect.poll(() => isAlive(pid), { timeout: 60_000, message: `child ${String(pid)}` }).toBe(false);
  });

  it('a command that waits for a secret on standard input', async () => {
    const { status, signal, ...times } = await terminated(
      ['set', '--registry-path', '127.0.0.1:9/p', '--credentials-json', '-'],
      'pipe',
    );
    expect(signal ?? status).toBe('SIGTERM');
    expectSoon(times);
  });
});

it('watch sends no token over plain http to another machine', async () => {
  const seen = join(home.path, 'seen');
  await git(folder.path, ['remote', 'add', 'origin', 'http://github.invalid/o/r.git']);
  // The proxy is this machine, so the name need not be known; it writes down what it is sent.
  const proxy = createServer((socket) =>
    socket.pipe(createWriteStream(seen, { flags: 'a' })).on('error', () => undefined),
  );
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  const url = `http://127.0.0.1:${String(typeof address === 'object' && address !== null ? address.port : 0)}`;
  const own = { GITHUB_SERVER_URL: 'http://github.invalid', GITHUB_API_URL: 'http://github.invalid/api/v3' };
  const env = { ...(await environment()), ...own, HTTP_PROXY: url, http_proxy: url, GITHUB_TOKEN: 'ghp_notoverhttp' };
  const child = spawn(process.execPath, [bundle('cli'), 'watch', '--appear', '1s'], {
    cwd: folder.path,
    env: childEnvironment({ env, unset: ['NO_PROXY', 'no_proxy'], needs: ['GITHUB_TOKEN'] }),
    stdio: 'ignore',
  });
  const text = async (): Promise<string> => readFile(seen, 'utf8').catch(() => '');
  while (child.exitCode === null && (await text()) === '') await sleep(100);
  child.kill('SIGKILL');
  proxy.close();
  const sent = await text();
  expect(sent).toContain('github.invalid');
  expect(sent).not.toContain('ghp_notoverhttp');
});
