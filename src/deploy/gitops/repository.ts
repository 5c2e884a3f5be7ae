import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DeployError, message } from '../../errors';
import { bareRepositoryAround } from '../../git/bareRepository';
import { gitCommand } from '../../git/gitCommand';
import { capture } from '../../system/exec';
import { TooMuchOutput } from '../../system/keptOutput';

/** What a git call left. */
interface GitAnswer {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Calls git in the repository; `input` goes to standard input, `env` is added. */
export type Git = (
  args: readonly string[],
  options?: { readonly input?: string; readonly env?: Readonly<Record<string, string>> },
) => Promise<GitAnswer>;

/** A clone to work with, and where it is pushed to. */
export interface GitOpsClone extends AsyncDisposable {
  readonly git: Git;
  /** A folder for what git needs meanwhile; it goes with the clone. */
  readonly scratch: string;
  /** Name of the remote. */
  readonly remote: string;
  /** Is it the user's own clone, whose files are not to be touched? */
  readonly isOwn: boolean;
}

/** The user's own clone at `path`. */
export async function ownClone(path: string, remote: string): Promise<GitOpsClone> {
  // A bare repository is opened here because the user named that very folder.
  const bare = bareRepositoryAround(path) === resolve(path);
  const here = gitIn(path, bare ? resolve(path) : undefined);
  const { exitCode, stderr } = await here(['rev-parse', '--git-dir']);
  if (exitCode !== 0) {
    throw new DeployError(`${path} is not a clone of a git repository: ${firstLine(stderr)}. Give its path, or a URL.`);
  }
  // Files are named from the top, wherever in the clone the command runs; a bare one has no other place.
  const top = await here(['rev-parse', '--show-toplevel']);
  const git = top.exitCode === 0 ? gitIn(top.stdout.toString('utf8').replace(/\r?\n$/, '')) : here;
  const scratch = await mkdtemp(join(tmpdir(), 'kfp-images-gitops-'));
  return { git, scratch, remote, isOwn: true, [Symbol.asyncDispose]: () => remove(scratch) };
}

/** A clone of a URL in a temporary folder, with one branch and no files checked out. Throws DeployError. */
export async function temporaryClone(url: string): Promise<GitOpsClone> {
  const scratch = await mkdtemp(join(tmpdir(), 'kfp-images-gitops-'));
  try {
    const git = gitIn(scratch);
    await must(git, 'make a temporary repository', ['init', '--quiet', '--bare', 'clone']);
    const clone = gitIn(scratch, join(scratch, 'clone'));
    await must(clone, 'name the remote', ['remote', 'add', 'origin', '--', url]);
    return { git: clone, scratch, remote: 'origin', isOwn: false, [Symbol.asyncDispose]: () => remove(scratch) };
  } catch (thrown) {
    await remove(scratch);
    throw thrown;
  }
}

/** Runs git and gives its standard output; DeployError that says `purpose` failed. */
export async function must(
  git: Git,
  purpose: string,
  args: readonly string[],
  options: Parameters<Git>[1] = {},
): Promise<Buffer> {
  const answer = await git(args, options);
  if (answer.exitCode === 0) return answer.stdout;
  throw new DeployError(`Could not ${purpose}: git ended with status ${answer.exitCode}.\n  ${said(answer.stderr)}`);
}

/** git's words, bounded; a login in a URL is not repeated. */
export function said(stderr: string): string {
  return stderr
    .slice(0, 2000)
    .replace(/\/\/[^/@\s]+@/g, '//***@')
    .trim()
    .replaceAll('\n', '\n  ');
}

function gitIn(cwd: string, gitDir?: string): Git {
  const where = { changes: true, ...(gitDir === undefined ? {} : { gitDir }) };
  // In a group of its own: Ctrl-C must not end a push half-way.
  return (args, options = {}) =>
    capture(gitCommand(cwd, args, { input: '', ...where, ...options })).catch((thrown: unknown) => {
      if (thrown instanceof TooMuchOutput) throw thrown;
      throw new DeployError(`git could not be started in ${cwd}: ${message(thrown)}`, { cause: thrown });
    });
}

async function remove(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 2 });
}

function firstLine(text: string): string {
  return said(text).split('\n')[0] ?? '';
}
