import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { getExecOutput } from '@actions/exec';
import { EnvironmentError } from '../errors';
import type { Command } from '../types';

/** What a finished child left: its whole output, so only for commands that say little. */
export interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a short command and keeps its output. Never through a shell; nothing is echoed to the log.
 * Throws EnvironmentError when the program is not installed; any exit status is given back, not thrown.
 */
export async function run(command: Command): Promise<Finished> {
  try {
    const { exitCode, stdout, stderr } = await getExecOutput(quoted(command.command), [...command.args], {
      silent: true,
      ignoreReturnCode: true,
      ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
      env: environment(command),
      ...(command.input === undefined ? {} : { input: Buffer.from(command.input) }),
    });
    return { exitCode, stdout, stderr };
  } catch (cause) {
    throw missing(command, cause);
  }
}

/** Listeners of a long-running child. Chunks are as they come; nothing is kept. */
export interface Streams {
  readonly onStdout?: (chunk: Buffer) => void;
  readonly onStderr?: (chunk: Buffer) => void;
  /** Aborting ends the whole process group: SIGTERM, and SIGKILL after `graceMs`. */
  readonly signal?: AbortSignal;
  readonly graceMs?: number;
  /** Told the process group's id once it runs, so that it can be ended even after we were killed. */
  readonly onStart?: (processGroup: number) => void;
}

/**
 * Runs a long or talkative command in a process group of its own and hands its output on as it comes
 * (@actions/exec keeps lines in memory and can't end a process group).
 * Gives the exit status (128 + number for a signal); throws EnvironmentError when the program is not installed.
 */
export function stream(command: Command, streams: Streams = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    if (streams.signal?.aborted === true) {
      resolve(128 + constants.signals.SIGTERM);
      return;
    }
    const child = spawn(command.command, [...command.args], {
      detached: true,
      stdio: [command.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
      env: environment(command),
    });
    if (child.pid !== undefined) streams.onStart?.(child.pid);
    const stop = (): void => endGroup(child, streams.graceMs ?? 10_000);
    streams.signal?.addEventListener('abort', stop, { once: true });
    child.stdout?.on('data', (chunk: Buffer) => streams.onStdout?.(chunk));
    child.stderr?.on('data', (chunk: Buffer) => streams.onStderr?.(chunk));
    // A child that ends before it read its input is judged by its exit status, not by the broken pipe.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(command.input);
    child.once('error', (cause) => {
      streams.signal?.removeEventListener('abort', stop);
      reject(missing(command, cause));
    });
    child.once('close', (code, signal) => {
      streams.signal?.removeEventListener('abort', stop);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/** A command's whole standard output as bytes; for large or binary output. Exit status and a bounded standard error beside it. */
export async function capture(
  command: Command,
): Promise<{ readonly exitCode: number; readonly stdout: Buffer; readonly stderr: string }> {
  const chunks: Buffer[] = [];
  let stderr = '';
  const exitCode = await stream(command, {
    onStdout: (chunk) => chunks.push(chunk),
    onStderr: (chunk) => {
      if (stderr.length < 64_000) stderr += chunk.toString('utf8');
    },
  });
  return { exitCode, stdout: Buffer.concat(chunks), stderr };
}

/** A child that is asked and answers in turns, until it is closed. */
export interface Conversation {
  say(bytes: string | Uint8Array): void;
  /** No more questions: the child may end. Resolves with its exit status once it has. */
  close(): Promise<number>;
  /** Settles when the child has ended, asked to or not. */
  readonly ended: Promise<number>;
}

/**
 * Starts a child whose standard input stays open (`git cat-file --batch`). Output is handed on as it comes.
 * `ended` rejects with EnvironmentError when the program is not installed.
 */
export function converse(command: Command, streams: Pick<Streams, 'onStdout' | 'onStderr'> = {}): Conversation {
  const child = spawn(command.command, [...command.args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    env: environment(command),
  });
  child.stdout.on('data', (chunk: Buffer) => streams.onStdout?.(chunk));
  child.stderr.on('data', (chunk: Buffer) => streams.onStderr?.(chunk));
  child.stdin.on('error', () => undefined);
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', (cause) => reject(missing(command, cause)));
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
  ended.catch(() => undefined);
  return {
    say: (bytes) => void child.stdin.write(bytes),
    close: () => {
      child.stdin.end();
      return ended;
    },
    ended,
  };
}

function endGroup(child: ChildProcess, graceMs: number): void {
  const group = child.pid;
  if (group === undefined) return;
  signalGroup(group, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(group, 'SIGKILL'), graceMs);
  child.once('close', () => clearTimeout(timer));
}

/** Sends a signal to a process group; one that has ended already is no mistake. */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // ESRCH: gone already.
  }
}

function environment(command: Command): Record<string, string> {
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && command.unset?.includes(name) !== true) own[name] = value;
  }
  return { ...own, ...command.env };
}

/** @actions/exec splits its first argument at blanks unless it is quoted. */
function quoted(program: string): string {
  return `"${program.replaceAll('"', '\\"')}"`;
}

function missing(command: Command, cause: unknown): Error {
  const text = cause instanceof Error ? cause.message : String(cause);
  return /ENOENT|Unable to locate executable/.test(text)
    ? new EnvironmentError(
        `The program "${command.command}" is not installed or not on PATH. Install it and try again.`,
        {
          cause,
        },
      )
    : new EnvironmentError(`The program "${command.command}" could not be started.`, { cause });
}
