import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../src/system/exec';

/* The real Docker engine of the integration tests: the one `script/engine run` leads to. No test is skipped without it. */

/** What differs between calls of the docker command. */
export interface DockerOptions {
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs `docker ARGS…` and gives its standard output, trimmed. Any failure throws, with the command and what it said. */
export async function docker(args: readonly string[], options: DockerOptions = {}): Promise<string> {
  await engineAnswers();
  const { exitCode, stdout, stderr } = await run({ command: 'docker', args, ...options });
  if (exitCode !== 0) throw new Error(`docker ${args.join(' ')} ended with ${exitCode}: ${stderr.trim()}`);
  return stdout.trim();
}

/** Which image store the engine has: it decides what an exporter can do, and which media types are pushed. */
export async function imageStore(): Promise<'classic' | 'containerd'> {
  const status = await docker(['info', '--format', '{{json .DriverStatus}}']);
  return status.includes('io.containerd.snapshotter') ? 'containerd' : 'classic';
}

let answered: Promise<void> | undefined;

/** Throws, with what to do, when no engine answers. Asked once per process. */
export function engineAnswers(): Promise<void> {
  answered ??= ask();
  return answered;
}

async function ask(): Promise<void> {
  const problem = await run({ command: 'docker', args: ['version', '--format', '{{.Server.Version}}'] }).then(
    ({ exitCode, stderr }) => (exitCode === 0 ? undefined : stderr.trim()),
    (cause: unknown) => String(cause),
  );
  if (problem !== undefined)
    throw new Error(`No Docker engine answers: run the tests through \`make test\`. ${problem}`);
}

/** A folder of a test's own, removed by `await using folder = await tempDir()` or by hand with `remove()`. */
export interface TempDir extends AsyncDisposable {
  readonly path: string;
  remove(): Promise<void>;
}

/** Makes one. Its path has no symbolic link in it, so that it equals what git and Docker print. */
export async function tempDir(): Promise<TempDir> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'kfp-images-test-')));
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true });
  return { path, remove, [Symbol.asyncDispose]: remove };
}
