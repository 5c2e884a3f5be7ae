import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../../src/system/exec';

/** A buildkitd of a test's own. */
export interface Buildkitd extends AsyncDisposable {
  /** `unix://…`, or `tcp://…` with TLS, for buildx's remote driver. */
  readonly address: string;
  stop(): Promise<void>;
}

/** The path of a program of `script/builders`, by the name of its variable. */
export function program(variable: string): string {
  const path = process.env[variable];
  if (path === undefined) throw new Error(`${variable} is not set: run the tests through \`make test-builders\``);
  return path;
}

/** What one side of a connection shows, and what it expects of the other: paths of PEM files. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** What a buildkitd is started with. */
export interface Options {
  /** What it runs, runs on that core alone. */
  readonly core?: number;
  /** With a file system that stacks, where that is to be had. */
  readonly isFast?: boolean;
  /** On a port of 127.0.0.1, for clients that show what `ca` knows. */
  readonly tls?: Identity;
}

/** Starts one below `folder`, with an empty cache. It shares nothing with any other. */
export async function startBuildkitd(folder: string, { core, isFast = false, tls }: Options = {}): Promise<Buildkitd> {
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
      ...['--root', join(folder, 'root'), '--addr', tls === undefined ? `unix://${socket}` : 'tcp://127.0.0.1:0'],
      ...(tls === undefined ? [] : ['--tlscert', tls.cert, '--tlskey', tls.key, '--tlscacert', tls.ca]),
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
  const [, port] = /running server on 127\.0\.0\.1:(\d+)/.exec(await readFile(logFile, 'utf8')) ?? [];
  const address = tls === undefined ? `unix://${socket}` : `tcp://127.0.0.1:${port ?? ''}`;
  return { address, stop, [Symbol.asyncDispose]: stop };
}

/** Makes a builder of these nodes, where `BUILDX_CONFIG` is `config`. */
export async function createBuilder(
  config: string,
  name: string,
  nodes: readonly { readonly address: string; readonly platform?: string; readonly tls?: Identity }[],
): Promise<void> {
  for (const [index, { address, platform, tls }] of nodes.entries()) {
    const own = ['--driver', 'remote', '--name', name, '--node', `${name}${index}`];
    const how = [...(index > 0 ? ['--append'] : []), ...(platform === undefined ? [] : ['--platform', platform])];
    const identity = tls && `cacert=${tls.ca},cert=${tls.cert},key=${tls.key}`;
    const args = ['buildx', 'create', ...how, ...own, ...(identity ? ['--driver-opt', identity] : []), address];
    const { exitCode, stderr } = await run({ command: 'docker', args, env: { BUILDX_CONFIG: config } });
    if (exitCode !== 0) throw new Error(stderr);
  }
}
