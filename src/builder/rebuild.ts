import { join } from 'node:path';
import { BuildError } from '../errors';
import { stream, run } from '../system/exec';
import type { Command } from '../types';
import { attempt } from './attempt';
import { buildCommand, type BuildRequest } from './buildx';
import type { Capabilities } from './capabilities';
import { readArchive, type ImageArchive } from './imageArchive';

/** Where a rebuild leaves what it makes. */
export interface RebuildPorts {
  /** A private folder. */
  readonly folder: string;
  /** Of every docker command. */
  readonly env: Readonly<Record<string, string>>;
  readonly onStart: (processGroup: number) => void;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Builds an image without any cache, pushes nothing, and gives what came out. Where the engine can set the times of files, BuildKit writes the
 * archive; else the image goes through the engine's own store and is removed from it. Throws BuildError.
 */
export async function rebuild(request: BuildRequest, able: Capabilities, ports: RebuildPorts): Promise<ImageArchive> {
  const { name } = request.image;
  const archive = join(ports.folder, `${name}.rebuilt.tar`);
  const command = rebuildCommand(request, able, archive);
  const tail: string[] = [];
  const { exitCode, account } = await attempt({ ...command, env: { ...command.env, ...ports.env } }, request.image, {
    onEvent: (event) => {
      if (event.kind === 'step' && event.state === 'running') ports.onLine(`${name}: ${event.name}`);
      if (event.kind === 'log') tail.push(event.text);
      if (tail.length > 20) tail.shift();
    },
    onStart: ports.onStart,
    signal: ports.signal,
  });
  ports.signal.throwIfAborted();
  if (exitCode !== 0) {
    const words = account.failure.message === '' ? tail.join('').slice(-2000) : account.failure.message;
    throw new BuildError(`${name} can't be rebuilt from the whole tree of commit ${request.revision}: ${words}`);
  }
  if (!able.rewritesTimes) {
    const reference = `${request.repository}:${request.tag}`;
    await save(reference, archive, ports);
    await run({ command: 'docker', args: ['image', 'rm', '--no-prune', reference], env: ports.env });
  }
  return readArchive(archive, join(ports.folder, `${name}.rebuilt`));
}

/** Gets a published image through the engine, for a look at its files. Throws BuildError. */
export async function pullArchive(
  reference: string,
  platform: string,
  name: string,
  ports: RebuildPorts,
): Promise<ImageArchive> {
  const pulled = await run({
    command: 'docker',
    args: ['pull', '--quiet', '--platform', platform, reference],
    env: ports.env,
  });
  if (pulled.exitCode !== 0)
    throw new BuildError(`${reference} can't be pulled: ${pulled.stderr.trim().slice(0, 500)}`);
  const archive = join(ports.folder, `${name}.published.tar`);
  await save(reference, archive, ports);
  return readArchive(archive, join(ports.folder, `${name}.published`));
}

/** The same command as in a run, but from nothing and into a file (or the engine). */
function rebuildCommand(request: BuildRequest, able: Capabilities, archive: string): Command {
  const command = buildCommand({ ...request, push: false, cache: 'none', noCache: true }, able);
  const output = `type=docker,dest=${archive},rewrite-timestamp=true,source-date-epoch=${request.date}`;
  const at = command.args.indexOf('--output');
  return able.rewritesTimes ? { ...command, args: command.args.with(at + 1, output) } : command;
}

async function save(reference: string, file: string, { env, signal, onStart }: RebuildPorts): Promise<void> {
  let words = '';
  const exitCode = await stream(
    { command: 'docker', args: ['save', '--output', file, reference], env },
    { onStderr: (chunk) => (words = (words + chunk.toString('utf8')).slice(0, 1000)), signal, onStart },
  );
  if (exitCode !== 0) throw new BuildError(`docker save ${reference} failed: ${words.trim().slice(0, 500)}`);
}
