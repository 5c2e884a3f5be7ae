import { existsSync } from 'node:fs';
import { EnvironmentError, SourceError, message } from '../errors';
import type { Command } from '../types';
import { capture } from './exec';

/** Environment variables that make git read objects from somewhere else than the repository's own store. */
export type ObjectEnv = Readonly<Record<string, string>>;

/** How one git call differs from the plain one. */
export interface GitOptions {
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to standard input, which is then closed. */
  readonly input?: string | Uint8Array;
}

/** What a git call left. Standard output is bytes: paths need not be UTF-8. */
export interface GitOutput {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * Variables through which a caller (a git hook, `git rebase --exec`) points git at its own repository and index;
 * `git rev-parse --local-env-vars` lists them. GIT_CONFIG_* stay: safe.directory may be given that way.
 */
const callersOwn = [
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_ATTR_SOURCE',
  'GIT_CEILING_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_DIR',
  'GIT_EXTERNAL_DIFF',
  'GIT_GRAFT_FILE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_INTERNAL_SUPER_PREFIX',
  'GIT_LITERAL_PATHSPECS',
  'GIT_NAMESPACE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_PREFIX',
  'GIT_REPLACE_REF_BASE',
  'GIT_SHALLOW_FILE',
  'GIT_TRACE',
  'GIT_WORK_TREE',
];

/**
 * A git call as data: in `cwd`, in English, without questions, and without what the caller's environment says about
 * another repository. Replacement objects are off: a commit id means the bytes it was computed from.
 */
export function gitCommand(cwd: string, args: readonly string[], options: GitOptions = {}): Command {
  return {
    command: 'git',
    args,
    cwd,
    unset: callersOwn,
    env: { LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', GIT_NO_REPLACE_OBJECTS: '1', ...options.env },
    ...(options.input === undefined ? {} : { input: options.input }),
  };
}

/**
 * Runs git and gives what it left, whatever its exit status.
 * Throws SourceError where there is no repository to ask (missing folder, not a clone, owned by another user), and
 * EnvironmentError when git is not installed.
 */
export async function tryGit(cwd: string, args: readonly string[], options: GitOptions = {}): Promise<GitOutput> {
  let output: GitOutput;
  try {
    output = await capture(gitCommand(cwd, args, options));
  } catch (thrown) {
    throw startFailure(cwd, thrown);
  }
  if (output.exitCode !== 0) {
    const why = repositoryProblem(cwd, output.stderr);
    if (why !== undefined) throw why;
  }
  return output;
}

/** Runs git and gives its standard output; any exit status but 0 is a SourceError that says `purpose` failed. */
export async function git(
  cwd: string,
  purpose: string,
  args: readonly string[],
  options: GitOptions = {},
): Promise<Buffer> {
  const output = await tryGit(cwd, args, options);
  if (output.exitCode !== 0) throw gitFailure(cwd, purpose, output.exitCode, output.stderr);
  return output.stdout;
}

/** The error for a git call that failed without a better explanation. */
export function gitFailure(cwd: string, purpose: string, exitCode: number, stderr: string): SourceError {
  const said = stderr.trim().slice(0, 2000);
  return new SourceError(
    `Could not ${purpose} in ${cwd}: git ended with status ${exitCode}${said === '' ? '.' : `:\n  ${said.replaceAll('\n', '\n  ')}`}`,
  );
}

/** A missing folder and a missing program look alike to the system; this tells them apart. */
export function startFailure(cwd: string, thrown: unknown): unknown {
  if (!existsSync(cwd)) {
    return new SourceError(`The folder ${cwd} does not exist. Check working-directory.`, { cause: thrown });
  }
  if (!(thrown instanceof EnvironmentError)) {
    return new SourceError(`git could not be started in ${cwd}.`, { cause: new Error(message(thrown)) });
  }
  return thrown;
}

/** Explains the two refusals that have nothing to do with the question asked; undefined: it is something else. */
export function repositoryProblem(cwd: string, stderr: string): SourceError | undefined {
  const owner = /detected dubious ownership in repository at '([^'\n]*)'/.exec(stderr);
  if (owner !== null) {
    const folder = owner[1] ?? cwd;
    // https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory
    return new SourceError(
      `git refuses to read ${folder}, because it belongs to another user. If you trust it, run:\n` +
        `  git config --global --add safe.directory '${folder}'`,
    );
  }
  if (/not a git repository/i.test(stderr)) {
    return new SourceError(
      `The folder ${cwd} is not in a git repository. Run in a clone of the fork, or set working-directory to one; ` +
        `in a workflow, run actions/checkout first.`,
    );
  }
  return undefined;
}
