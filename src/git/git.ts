import { SourceError } from '../errors';
import { git, gitFailure, tryGit } from './gitCommand';

/** The top folder of the work tree that `cwd` is in. SourceError where there is none (a bare repository, no repository). */
export async function topLevel(cwd: string): Promise<string> {
  const { exitCode, stdout, stderr } = await tryGit(cwd, ['rev-parse', '--show-toplevel']);
  if (exitCode === 0) return line(stdout);
  if (/must be run in a work tree/.test(stderr)) {
    throw new SourceError(`${cwd} is a bare git repository: it has no files to work on. Run in a normal clone.`);
  }
  throw gitFailure(cwd, 'find the top folder of the repository', exitCode, stderr);
}

/**
 * The commit that `rev` (branch, tag, `HEAD~3`, id) names, 40 hex digits (64 in a SHA-256 repository).
 * SourceError when there is none; in a shallow clone it says how to fetch the history.
 */
export async function resolveCommit(cwd: string, rev: string): Promise<string> {
  const shown = printable(rev);
  if (rev === '' || rev.startsWith('-') || /[\0-\x1f\x7f]/.test(rev)) {
    throw new SourceError(`"${shown}" is not the name of a commit. Give a branch, a tag or a commit id.`);
  }
  const { exitCode, stdout } = await tryGit(cwd, [
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${rev}^{commit}`,
  ]);
  const id = line(stdout);
  if (exitCode === 0 && isObjectId(id)) return id;
  if (rev === 'HEAD') {
    throw new SourceError(`The repository in ${cwd} has no commit yet (HEAD names none). Commit something first.`);
  }
  throw new SourceError(
    (await isShallow(cwd))
      ? `The commit "${shown}" is not in this clone, which is shallow. Fetch the history: ` +
          `\`git fetch --unshallow\`, or fetch-depth: 0 for actions/checkout.`
      : `The repository in ${cwd} has no commit "${shown}". Check its spelling, or fetch it first (\`git fetch\`).`,
  );
}

/** The whole message of a commit, as UTF-8, without the newline that ends it. */
export async function commitMessage(cwd: string, sha: string): Promise<string> {
  const text = await show(cwd, sha, '%B', 'read the commit message');
  return text.replace(/\n$/, '');
}

/** The committer date of a commit, seconds since the epoch. */
export async function commitDate(cwd: string, sha: string): Promise<number> {
  return Number.parseInt(await show(cwd, sha, '%ct', 'read the commit date'), 10);
}

/** The branch that is checked out, without `refs/heads/`; undefined: HEAD is detached. */
export async function currentBranch(cwd: string): Promise<string | undefined> {
  const { exitCode, stdout, stderr } = await tryGit(cwd, ['symbolic-ref', '--quiet', 'HEAD']);
  if (exitCode === 0) return line(stdout).replace(/^refs\/heads\//, '');
  if (exitCode === 1) return undefined;
  throw gitFailure(cwd, 'read the current branch', exitCode, stderr);
}

/** Is part of the history missing here (`actions/checkout` fetches one commit by default)? */
export async function isShallow(cwd: string): Promise<boolean> {
  return line(await git(cwd, 'inspect the repository', ['rev-parse', '--is-shallow-repository'])) === 'true';
}

/**
 * Is commit `a` in the history of commit `b` (a commit is its own ancestor)? `unknown`: the history that would tell is
 * not in this clone.
 */
export async function isAncestor(cwd: string, a: string, b: string): Promise<'yes' | 'no' | 'unknown'> {
  if (!isObjectId(a) || !isObjectId(b)) return 'unknown';
  const forward = await contains(cwd, a, b);
  if (forward !== false) return forward === true ? 'yes' : 'unknown';
  if (!(await isShallow(cwd))) return 'no';
  // The cut-off history could hide the way from b to a; but where b is in a's history, a cannot be in b's.
  return (await contains(cwd, b, a)) === true ? 'no' : 'unknown';
}

/** undefined: one of the commits is not here. */
async function contains(cwd: string, a: string, b: string): Promise<boolean | undefined> {
  const { exitCode } = await tryGit(cwd, ['merge-base', '--is-ancestor', a, b]);
  return exitCode === 0 ? true : exitCode === 1 ? false : undefined;
}

async function show(cwd: string, sha: string, format: string, purpose: string): Promise<string> {
  const id = isObjectId(sha) ? sha : await resolveCommit(cwd, sha);
  const args = ['log', '-1', '--no-show-signature', '--no-color', '--encoding=UTF-8', `--format=${format}`, id, '--'];
  const { exitCode, stdout, stderr } = await tryGit(cwd, args);
  if (exitCode === 0) return stdout.toString('utf8').replace(/\n$/, '');
  // Gives the better error when the commit is not here.
  await resolveCommit(cwd, id);
  throw gitFailure(cwd, purpose, exitCode, stderr);
}

/** An object id as git prints it: 40 hex digits, 64 in a SHA-256 repository. */
export function isObjectId(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

function line(output: Buffer): string {
  return output.toString('utf8').replace(/\r?\n$/, '');
}

/** A revision comes from outside: bounded and without control characters before it is shown. */
function printable(text: string): string {
  return text.slice(0, 200).replace(/[\0-\x1f\x7f-\x9f]/g, '?');
}
