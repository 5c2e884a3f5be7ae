import { gitCommand, repositoryProblem, startFailure } from '../../git/gitCommand';
import { run, stream } from '../../system/exec';
import type { Command } from '../../types';

/** How this command was started. */
export interface Terminal {
  /** A person sits at a terminal: git may ask there for a password or a signing key's passphrase. */
  readonly interactive: boolean;
  /** Aborted when the command is to stop. */
  readonly signal: AbortSignal;
}

/** What a git command that changes something left. Any status but 0 is a failure, also an undefined one (killed). */
export interface Done {
  readonly ok: boolean;
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Hooks may talk at length; this much of it is kept for the error. */
const kept = 64_000;

/**
 * A git command that changes something, as data. Hooks and signing are the user's and stay on.
 * git asks for passwords at a terminal only; elsewhere it would wait for an answer that nobody gives.
 */
export function changing(top: string, args: readonly string[], interactive: boolean): Command {
  const asks = process.env['GIT_TERMINAL_PROMPT'] ?? '1';
  return gitCommand(top, args, { changes: true, env: { GIT_TERMINAL_PROMPT: interactive ? asks : '0' } });
}

/**
 * Runs such a command. At a terminal it shares the terminal, so that git, ssh and gpg can ask there and Ctrl-C reaches
 * them; elsewhere it has a process group of its own, which ends when `signal` aborts.
 */
export async function execute(top: string, command: Command, { interactive, signal }: Terminal): Promise<Done> {
  try {
    const done = interactive ? await attached(command) : await detached(command, signal);
    const why = done.ok ? undefined : repositoryProblem(top, done.stderr);
    if (why !== undefined) throw why;
    return done;
  } catch (thrown) {
    throw startFailure(top, thrown);
  }
}

async function attached(command: Command): Promise<Done> {
  // An empty input closes standard input: nothing here reads it, and a hook that does must not wait.
  const { exitCode, stdout, stderr } = await run({ ...command, input: command.input ?? '' });
  return { ok: exitCode === 0, exitCode, stdout, stderr };
}

async function detached(command: Command, signal: AbortSignal): Promise<Done> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let length = 0;
  const keep = (into: Buffer[]) => (chunk: Buffer) => {
    if (length < kept) into.push(chunk);
    length += chunk.length;
  };
  const exitCode = await stream(command, { onStdout: keep(stdout), onStderr: keep(stderr), signal });
  const text = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString('utf8');
  return { ok: exitCode === 0, exitCode, stdout: text(stdout), stderr: text(stderr) };
}
