import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../../src/system/exec';

/** A buildkitd of a test's own. */
export interface Buildkitd extends AsyncDisposable {
  /** `unix://…`, for buildx's remote driver. */
  readonly address: string;
  stop(): Promise<void>;
}

function program(variable: string): string {
  const path = process.env[variable];
  if (path === undefined) throw new Error(`${variable} is not set: run the tests through \`make test-builders\``);
  return path;
}

/** Starts one below `folder`, with an empty cache. It shares nothing with any other. `core`: what it runs, runs on that core alone. `isFast`: with a file system that stacks, where that is to be had. */
export async function startBuildkitd(
  folder: string,
  { core, isFast = false }: { readonly core?: number; readonly isFast?: boolean } = {},
): Promise<Buildkitd> {
  const bin = join(folder, 'bin');
  await mkdir(bin, { recursive: true });
  await symlink(program('KFP_IMAGES_RUNC'), join(bin, 'buildkit-runc'));
  const [socket, logFile] = [join(folder, 's.sock'), join(folder, 'log')];
  const log = openSync(logFile, 'a');
  const itself = program('KFP_IMAGES_BUILDKITD');
  const [command, before] = core === undefined ? [itself, []] : ['taskset', ['--cpu-list', String(core), itself]];
  const child = spawn(
    command,
    [
      ...before,
      ...['--root', join(folder, 'root'), '--addr', `unix://${socket}`],
      // Neither a network of its own nor a file system that stacks: both are not to be had everywhere.
      ...[
        '--oci-worker-net',
        'host',
        '--oci-worker-snapshotter',
        isFast ? 'auto' : 'native',
        '--containerd-worker=false',
      ],
      ...['--otel-socket-path', join(folder, 'otel.sock')],
    ],
    { stdio: ['ignore', log, log], env: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` } },
  );
  closeSync(log);
  const ended = once(child, 'exit');
  while (!(await readFile(logFile, 'utf8')).includes('running server on')) {
    if (child.exitCode !== null) throw new Error(`buildkitd ended: ${await readFile(logFile, 'utf8')}`);
    await sleep(50);
  }
  const stop = async (): Promise<void> => {
    if (child.exitCode === null) child.kill();
    await ended;
  };
  return { address: `unix://${socket}`, stop, [Symbol.asyncDispose]: stop };
}

/** Makes a builder of these nodes, where `BUILDX_CONFIG` is `config`. */
export async function createBuilder(
  config: string,
  name: string,
  nodes: readonly { readonly address: string; readonly platform?: string }[],
): Promise<void> {
  for (const [index, { address, platform }] of nodes.entries()) {
    const own = ['--driver', 'remote', '--name', name, '--node', `${name}${index}`];
    const how = [...(index > 0 ? ['--append'] : []), ...(platform === undefined ? [] : ['--platform', platform])];
    const args = ['buildx', 'create', ...how, ...own, address];
    const { exitCode, stderr } = await run({ command: 'docker', args, env: { BUILDX_CONFIG: config } });
    if (exitCode !== 0) throw new Error(stderr);
  }
}
