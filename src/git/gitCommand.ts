import { existsSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { bareRepositoryAround } from './bareRepository';
import { EnvironmentError, SourceError, message } from '../errors';
import type { Command } from '../types';
import { capture } from '../system/exec';
import { TooMuchOutput } from '../system/keptOutput';

/** Environment variables that make git read objects from somewhere else than the repository's own store. */
export type ObjectEnv = Readonly<Record<string, string>>;

/** How one git call differs from the plain one. */
interface GitOptions {
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to standard input, which is then closed. */
  readonly input?: string | Uint8Array;
  /**
   * A command that the user asked for by name (commit, push, fetch): the hooks, signing and logins that their own
   * configuration names stay in force. Everything else only reads, and runs nothing that a configuration names.
   */
  readonly changes?: boolean;
  /** The repository itself, where it is named outright: the only way in which a bare one is opened. */
  readonly gitDir?: string;
}

/** What a git call left. Standard output is bytes: paths need not be UTF-8. */
interface GitOutput {
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
 * Configuration of every call, which goes before any file. A folder of the commit that is shaped like a bare repository
 * is never taken for one, because its configuration would name programs to run:
 * https://git-scm.com/docs/git-config#Documentation/git-config.txt-safebareRepository
 */
const always = [
  ['safe.bareRepository', 'explicit'],
  ['core.fsmonitor', 'false'],
] as const;

/** And of calls that only read: no hook, no window that asks for a password. */
const reading = [
  ['core.hooksPath', '/dev/null'],
  ['core.askPass', ''],
  ['submodule.recurse', 'false'],
] as const;

/**
 * A git call as data: in `cwd`, in English, without questions, and without what the caller's environment says about
 * another repository. Replacement objects are off: a commit id means the bytes it was computed from.
 */
export function gitCommand(cwd: string, args: readonly string[], options: GitOptions): Command {
  const { changes = false, gitDir } = options;
  // An empty GIT_ASKPASS turns off core.askPass and SSH_ASKPASS too.
  const noQuestions = { GIT_TERMINAL_PROMPT: '0', ...(changes ? {} : { GIT_ASKPASS: '' }) };
  return {
    command: 'git',
    args,
    cwd,
    unset: callersOwn,
    // `gh` as the user's credential helper: https://cli.github.com/manual/gh_auth_setup-git
    ...(changes ? { needs: ['GH_TOKEN', 'GITHUB_TOKEN'] } : {}),
    env: {
      LC_ALL: 'C',
      GIT_NO_REPLACE_OBJECTS: '1',
      ...noQuestions,
      ...configuration([...always, ...(changes ? [] : [...reading, ...runnersWorkspace(cwd)])]),
      ...(gitDir === undefined ? {} : { GIT_DIR: gitDir }),
      ...options.env,
    },
    ...(options.input === undefined ? {} : { input: options.input }),
  };
}

/**
 * In a job, who owns the workspace says nothing: in a container it is another user than the one that works there. The runner made it, and
 * whoever wants to read it has checked it out, so its folders are read; what their configuration names is not run.
 * https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory
 */
function runnersWorkspace(cwd: string): readonly (readonly [string, string])[] {
  const { GITHUB_ACTIONS, GITHUB_WORKSPACE } = process.env;
  if (GITHUB_ACTIONS !== 'true' || !GITHUB_WORKSPACE) return [];
  const [top, folder] = [GITHUB_WORKSPACE, cwd].map(real);
  if (top === undefined || folder === undefined || (folder !== top && !folder.startsWith(`${top}/`))) return [];
  const trusted: (readonly [string, string])[] = [['safe.directory', top]];
  for (let at = folder; at !== top; at = dirname(at)) trusted.push(['safe.directory', at]);
  return trusted;
}

function real(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** Settings as environment, after those that the caller gives this way: https://git-scm.com/docs/git-config#ENVIRONMENT */
function configuration(settings: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  const given = Number.parseInt(process.env['GIT_CONFIG_COUNT'] ?? '', 10) || 0;
  const entries = settings.flatMap(([key, value], index): readonly (readonly [string, string])[] => [
    [`GIT_CONFIG_KEY_${String(given + index)}`, key],
    [`GIT_CONFIG_VALUE_${String(given + index)}`, value],
  ]);
  return Object.fromEntries([['GIT_CONFIG_COUNT', String(given + settings.length)] as const, ...entries]);
}

/**
 * Runs git and gives what it left, whatever its exit status.
 * Throws SourceError where there is no repository to ask (missing folder, not a clone, owned by another user), and
 * EnvironmentError when git is not installed.
 */
export async function tryGit(cwd: string, args: readonly string[], options: GitOptions = {}): Promise<GitOutput> {
  // git before 2.38 does not know safe.bareRepository.
  const bare = options.gitDir === undefined ? bareRepositoryAround(cwd) : undefined;
  if (bare !== undefined) throw bareProblem(bare);
  let output: GitOutput;
  try {
    output = await capture(gitCommand(cwd, args, options));
  } catch (thrown) {
    if (thrown instanceof TooMuchOutput) throw new SourceError(`In ${cwd}: ${thrown.message}`);
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

/** Objects that a partial clone lacks are fetched when they are needed: https://git-scm.com/docs/partial-clone */
function partialClone(cwd: string, stderr: string): SourceError {
  const said = stderr
    .trim()
    .slice(0, 2000)
    .replace(/\/\/[^/@\s]+@/g, '//***@')
    .replaceAll('\n', '\n  ');
  return new SourceError(
    `${cwd} is a partial clone: it lacks files of the commit, and git could not fetch them from its remote.\n  ${said}\n` +
      'In a workflow, let actions/checkout fetch them: without `filter` and `sparse-checkout`, or with `persist-credentials: true`. ' +
      'Elsewhere, see that `git fetch` works without questions, or fetch all at once: git fetch --refetch --no-filter',
  );
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

function bareProblem(folder: string): SourceError {
  return new SourceError(
    `${folder} is a bare git repository, or looks like one: it has no files to work on, and what its configuration names is not run. ` +
      `Run in a normal clone, and set working-directory to a folder of it.`,
  );
}

/** Explains the refusals that have nothing to do with the question asked; undefined: it is something else. */
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
  if (/could not fetch [0-9a-f]+ from promisor remote/.test(stderr)) return partialClone(cwd, stderr);
  const bare = /cannot use bare repository '([^'\n]*)'/.exec(stderr);
  if (bare !== null) return bareProblem(bare[1] ?? cwd);
  if (/not a git repository/i.test(stderr)) {
    return new SourceError(
      `The folder ${cwd} is not in a git repository. Run in a clone of the fork, or set working-directory to one; ` +
        `in a workflow, run actions/checkout first.`,
    );
  }
  return undefined;
}
