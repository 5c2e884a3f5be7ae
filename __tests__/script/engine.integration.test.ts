import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { run } from '../../src/system/exec';
import { tempDir } from '../support/engine';

const engine = join(process.cwd(), 'script', 'engine');
const root = process.getuid?.() === 0;

interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs script/engine as somebody who is not inside `script/engine run` already; as nobody when asked. */
async function call(
  args: readonly string[],
  options: {
    readonly env?: NodeJS.ProcessEnv;
    readonly nobody?: boolean;
    readonly program?: string;
    readonly input?: string;
    readonly onFirstOutput?: (child: ChildProcess) => void;
  } = {},
): Promise<Ended> {
  const child = spawn(options.program ?? engine, [...args], {
    env: { ...process.env, KFP_IMAGES_ENGINE: undefined, ...options.env },
    detached: true,
    ...(root && options.nobody === true ? { uid: 65534, gid: 65534 } : {}),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (stdout === '') options.onFirstOutput?.(child);
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.end(options.input);
  await once(child, 'close');
  return { exitCode: child.exitCode, signal: child.signalCode, stdout, stderr };
}

/** Nothing answers there. */
const nowhere = { DOCKER_HOST: 'unix:///nonexistent/docker.sock' };

test('inside a run, a further run only runs the command, and gives its status and output', async () => {
  const ended = await call(['run', '--', 'sh', '-c', 'cat; exit 7'], { env: { KFP_IMAGES_ENGINE: 'x' }, input: 'in' });
  expect(ended).toEqual({ exitCode: 7, signal: null, stdout: 'in', stderr: '' });
});

test('the engine that answers is used, and nothing is started', async () => {
  const { exitCode, stdout } = await call(['run', '--', 'sh', '-c', 'echo "$KFP_IMAGES_ENGINE"; echo "$DOCKER_HOST"']);
  expect(exitCode).toBe(0);
  expect(stdout).toBe(`docker\n${process.env['DOCKER_HOST'] ?? ''}\n`);
  expect((await call(['env'])).stdout).toContain('export KFP_IMAGES_ENGINE=docker\n');
});

test.each([
  [['run'], /run needs a command/],
  [['run', 'true'], /unknown argument: true/],
  [['run', '--store', 'other', '--', 'true'], /--store is classic or containerd/],
  [['begin'], /unknown command: begin/],
])('wrong usage: %j', async (args, message) => {
  const { exitCode, stderr } = await call(args);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(message);
});

test('no engine and no root: one line says what to do', async () => {
  // A copy, because nobody may not be let into the folder of this repository.
  await using folder = await tempDir();
  await chmod(folder.path, 0o755);
  await cp(dirname(engine), join(folder.path, 'script'), { recursive: true });
  const { exitCode, stdout, stderr } = await call(['run', '--', 'echo', 'no'], {
    env: { ...nowhere, KFP_IMAGES_CACHE: join(folder.path, 'cache') },
    nobody: true,
    program: join(folder.path, 'script', 'engine'),
  });
  expect(exitCode).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(
    /^engine: no Docker engine with buildx 0\.13 or newer answers here \(.+\), and only root.+\n$/,
  );
});

test('no engine and a distribution without apt: one line says what to do', async () => {
  await using folder = await tempDir();
  const path = join(folder.path, 'bin');
  await mkdir(path);
  for (const name of ['bash', 'dirname', 'readlink']) {
    const { stdout } = await run({ command: 'sh', args: ['-c', 'command -v "$1"', 'sh', name] });
    await symlink(stdout.trim(), join(path, name));
  }
  const { exitCode, stderr } = await call(['run', '--', 'true'], {
    env: { PATH: path, KFP_IMAGES_CACHE: folder.path },
  });
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/^engine: no Docker engine .+ \(no docker command on PATH\), .+ Debian 12 .+\n$/);
});

/** What is there of the private engine of a run folder: files, processes, mounts, its bridge. */
async function traces(folder: string): Promise<readonly string[]> {
  const id = basename(folder);
  const found = existsSync(folder) ? [folder] : [];
  for (const name of ['/sys/class/net', '/run', '/tmp']) {
    found.push(...(await readdir(name)).filter((entry) => entry.includes(id)));
  }
  found.push(...(await readFile('/proc/self/mountinfo', 'utf8')).split('\n').filter((line) => line.includes(id)));
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (commandLine.includes(id)) found.push(commandLine);
  }
  return found;
}

const build = 'printf "FROM scratch\\nCOPY <<END /file\\nEND\\n" | docker buildx build --quiet -';
const refused = { exitCode: 2, stdout: '' };

// Where these tests run as root (a fresh machine, which has no Docker), a private engine must work and go without a
// trace. Elsewhere it must be refused, since nobody but root can start one.
describe('a private engine', () => {
  test.each(['classic', 'containerd'])('%s store: builds, gives the status, is gone afterwards', async (store) => {
    const script = `echo "$KFP_IMAGES_ENGINE"; docker info --format "{{.DriverStatus}}"; ${build}; exit 5`;
    const { exitCode, stdout } = await call(['run', '--store', store, '--', 'sh', '-c', script]);
    if (!root) {
      expect({ exitCode, stdout }).toEqual(refused);
      return;
    }
    expect(exitCode).toBe(5);
    const [folder = '', status, image] = stdout.trim().split('\n');
    expect(status?.includes('io.containerd.snapshotter')).toBe(store === 'containerd');
    expect(image).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await traces(folder)).toEqual([]);
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s reaches the command; the engine goes', async (name) => {
    const script = `trap 'echo told; exit 9' ${name.slice(3)}; echo "$KFP_IMAGES_ENGINE"; while :; do sleep 0.1; done`;
    const { exitCode, stdout } = await call(['run', '--store', 'classic', '--', 'sh', '-c', script], {
      onFirstOutput: (child) => child.kill(name),
    });
    if (!root) {
      expect({ exitCode, stdout }).toEqual(refused);
      return;
    }
    const [folder = '', told] = stdout.trim().split('\n');
    expect({ exitCode, told }).toEqual({ exitCode: 9, told: 'told' });
    expect(await traces(folder)).toEqual([]);
  });

  test('killed with its whole process group, it still takes its engine away', async () => {
    const script = 'echo "$KFP_IMAGES_ENGINE"; exec sleep 600';
    const { exitCode, signal, stdout } = await call(['run', '--store', 'classic', '--', 'sh', '-c', script], {
      onFirstOutput: ({ pid = 0 }) => process.kill(-pid, 'SIGKILL'),
    });
    if (!root) {
      expect({ exitCode, stdout }).toEqual(refused);
      return;
    }
    expect(signal).toBe('SIGKILL');
    await vi.waitFor(async () => expect(await traces(stdout.trim())).toEqual([]), { timeout: 300_000, interval: 200 });
  });
});
