import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { basename } from 'node:path';
import type { Writable } from 'node:stream';
import { exec } from '@actions/exec';
import { EnvironmentError } from '../errors';
import { bounds } from './bounds';
import { childEnvironment } from './childEnvironment';
import { KeptOutput, TooMuchOutput, type Finished } from './keptOutput';
import { childrenWith, descendants, endTree, kill, signalGroup } from './processes';
import type { Command } from '../types';

export type { Finished };

/**
 * Runs a short command and keeps its output. Never through a shell; nothing is echoed to the log. It stays in our process group, so that it may
 * ask on the terminal. Throws EnvironmentError when the program is not installed, TooMuchOutput above `bounds.shortOutput`; any exit status
 * is given back (128 + 9 for a signal), not thrown.
 */
export async function run(command: Command): Promise<Finished> {
  if (command.input !== undefined || command.env?.['PATH'] !== undefined) return runSpawned(command);
  // The package tells nobody which process it started.
  const kept = new KeptOutput(command, bounds.shortOutput, () =>
    childrenWith([basename(command.command), ...command.args]).forEach(endTree),
  );
  try {
    const exitCode = await exec(quoted(command.command), [...command.args], {
      silent: true,
      ignoreReturnCode: true,
      ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
      env: childEnvironment(command),
      listeners: { stdout: kept.onStdout, stderr: kept.onStderr },
    });
    return kept.finished(statusOf(exitCode));
  } catch (cause) {
    throw cause instanceof TooMuchOutput ? cause : missing(command, cause);
  }
}

/** @actions/exec 3.0 gives a child that a signal ended the status null, against its types, and does not name the signal. */
function statusOf(exitCode: unknown): number {
  return typeof exitCode === 'number' ? exitCode : 128 + constants.signals.SIGKILL;
}

/** @actions/exec splits its first argument at blanks unless it is quoted. */
function quoted(program: string): string {
  return `"${program.replaceAll('"', '\\"')}"`;
}

/**
 * What @actions/exec 3.0 can't do: it looks for the program on our own PATH, whichever the child gets; and a child that ends before it read its
 * input would end us by the broken pipe.
 */
async function runSpawned(command: Command): Promise<Finished> {
  const kept = new KeptOutput(command, bounds.commandOutput, () => child.end());
  const child = converse(command, kept);
  if (command.input !== undefined) child.say(command.input);
  return kept.finished(await child.close());
}

/** Listeners of a long-running child. Chunks are as they come; nothing is kept. */
export interface Streams {
  readonly onStdout?: (chunk: Buffer) => void;
  /** Gets the whole standard output, no faster than it takes it, and is ended with it. */
  readonly stdout?: Writable;
  readonly onStderr?: (chunk: Buffer) => void;
  /** Aborting ends the whole process group: SIGTERM, and SIGKILL after `graceMs`. */
  readonly signal?: AbortSignal;
  readonly graceMs?: number;
  /** Called with the process group's id once it runs, so that it can be ended even after we were killed. */
  readonly onStart?: (processGroup: number) => void;
}

/** Process groups of ours that run. */
const groups = new Set<number>();

/** Ends every child there is, and what they started, at once: SIGKILL. For when we have to end ourselves. */
export function endChildren(): void {
  const pids = descendants(process.pid);
  for (const group of groups) signalGroup(group, 'SIGKILL');
  for (const pid of pids) kill(pid);
}

/**
 * Runs a long or talkative command in a process group of its own, which can be ended whole, and hands its output on as it comes.
 * Gives the exit status (128 + number for a signal); throws EnvironmentError when the program is not installed.
 */
export function stream(command: Command, streams: Streams = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    if (streams.signal?.aborted === true) {
      resolve(128 + constants.signals.SIGTERM);
      return;
    }
    const child = start(command, true, [command.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe']);
    if (child.pid !== undefined) {
      groups.add(child.pid);
      streams.onStart?.(child.pid);
    }
    const stop = (): void => endGroup(child, streams.graceMs ?? 10_000);
    streams.signal?.addEventListener('abort', stop, { once: true });
    if (streams.stdout === undefined) child.stdout?.on('data', (chunk: Buffer) => streams.onStdout?.(chunk));
    else child.stdout?.pipe(streams.stdout);
    child.stderr?.on('data', (chunk: Buffer) => streams.onStderr?.(chunk));
    // A child that ends before it read its input is judged by its exit status, not by the broken pipe.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(command.input);
    child.once('error', (cause) => {
      streams.signal?.removeEventListener('abort', stop);
      reject(missing(command, cause));
    });
    child.once('close', (code, signal) => {
      if (child.pid !== undefined) groups.delete(child.pid);
      streams.signal?.removeEventListener('abort', stop);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/**
 * As `run`, in a process group of its own, which can be ended whole; for large or binary output, which is given as bytes.
 * Throws TooMuchOutput above `bounds.commandOutput`.
 */
export async function capture(
  command: Command,
  { signal, onStart }: Pick<Streams, 'signal' | 'onStart'> = {},
): Promise<{ readonly exitCode: number; readonly stdout: Buffer; readonly stderr: string }> {
  const enough = new AbortController();
  const kept = new KeptOutput(command, bounds.commandOutput, () => enough.abort());
  const exitCode = await stream(command, {
    signal: signal === undefined ? enough.signal : AbortSignal.any([signal, enough.signal]),
    graceMs: 0,
    ...(onStart === undefined ? {} : { onStart }),
    onStdout: kept.onStdout,
    onStderr: kept.onStderr,
  });
  return { exitCode, stdout: kept.bytes(), stderr: kept.words() };
}

/** A child that is asked and answers in turns, until it is closed. */
export interface Conversation {
  say(bytes: string | Uint8Array): void;
  /** No more questions: the child may end. Resolves with its exit status once it has. */
  close(): Promise<number>;
  /** Ends the child at once. */
  end(): void;
  /** Settles when the child has ended, asked to or not. */
  readonly ended: Promise<number>;
}

/**
 * Starts a child whose standard input stays open (`git cat-file --batch`). Output is handed on as it comes.
 * `ended` rejects with EnvironmentError when the program is not installed.
 */
export function converse(command: Command, streams: Pick<Streams, 'onStdout' | 'onStderr'> = {}): Conversation {
  const child = start(command, false, ['pipe', 'pipe', 'pipe']);
  child.stdout?.on('data', (chunk: Buffer) => streams.onStdout?.(chunk));
  child.stderr?.on('data', (chunk: Buffer) => streams.onStderr?.(chunk));
  child.stdin?.on('error', () => undefined);
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', (cause) => reject(missing(command, cause)));
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
  ended.catch(() => undefined);
  return {
    say: (bytes) => void child.stdin?.write(bytes),
    close: () => {
      child.stdin?.end();
      return ended;
    },
    end: () => {
      if (child.pid !== undefined && child.exitCode === null) endTree(child.pid);
    },
    ended,
  };
}

/** Throws EnvironmentError for what can't be an argument of a process: a NUL, or more than the system takes. */
function start(command: Command, detached: boolean, stdio: ('ignore' | 'pipe')[]): ChildProcess {
  const cwd = command.cwd === undefined ? {} : { cwd: command.cwd };
  try {
    return spawn(command.command, [...command.args], { detached, stdio, ...cwd, env: childEnvironment(command) });
  } catch (cause) {
    throw missing(command, cause);
  }
}

function endGroup(child: ChildProcess, graceMs: number): void {
  const group = child.pid;
  if (group === undefined) return;
  signalGroup(group, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(group, 'SIGKILL'), graceMs);
  child.once('close', () => clearTimeout(timer));
}

function missing(command: Command, cause: unknown): Error {
  const text = cause instanceof Error ? cause.message : String(cause);
  // A working directory that is not there gives the same error.
  const isThere = command.cwd === undefined || existsSync(command.cwd);
  return isThere && /ENOENT|Unable to locate executable/.test(text)
    ? new EnvironmentError(
        `The program "${command.command}" is not installed or not on PATH. Install it and try again.`,
        {
          cause,
        },
      )
    : new EnvironmentError(`The program "${command.command}" could not be started.`, { cause });
}
