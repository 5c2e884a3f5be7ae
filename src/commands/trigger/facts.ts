import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { SourceError } from '../../errors';
import { currentBranch, resolveCommit, topLevel } from '../../git/git';
import { git, gitFailure, tryGit } from '../../git/gitCommand';
import { quoted } from '../../system/quoted';
import { chooseDestination, guardDefaultBranch, type Destination } from './destination';

/** What a trigger needs to know of the repository before it touches anything. */
export interface Facts {
  /** Top folder of the work tree. */
  readonly top: string;
  /** Absolute path of the index. */
  readonly index: string;
  /** Checked out, without `refs/heads/`. */
  readonly branch: string;
  /** The commit that HEAD names. */
  readonly head: string;
  /** Files that differ between HEAD and the index. */
  readonly staged: readonly string[];
  readonly destination: Destination;
}

/**
 * Reads the repository in `cwd` and refuses, with the fix, each state in which a commit and a push would go wrong:
 * conflicts, an operation under way, a detached HEAD, no commit yet, no identity, no place to push to. Changes nothing.
 */
export async function readFacts(cwd: string): Promise<Facts> {
  const top = await topLevel(cwd);
  await refuseConflicts(top);
  await refuseOperations(top);
  const branch = await currentBranch(top);
  if (branch === undefined) {
    throw new SourceError(
      'HEAD is detached: no branch is checked out, so there is none to push. Switch to one (`git switch BRANCH`) ' +
        'or make one here (`git switch -c NAME`).',
    );
  }
  const head = await resolveCommit(top, 'HEAD');
  await requireIdentity(top);
  const destination = await readDestination(top, branch);
  const index = resolve(top, await text(top, 'find the index', ['rev-parse', '--git-path', 'index']));
  return { top, index, branch, head, staged: await stagedFiles(top), destination };
}

/** Paths, as git quotes them, that differ between HEAD and the index; `git add --intent-to-add` alone stages nothing. */
export async function stagedFiles(top: string): Promise<readonly string[]> {
  const args = ['diff', '--cached', '--name-only', '--no-renames', '--ignore-submodules=dirty', '--no-ext-diff', '-z'];
  return zeroSeparated(await git(top, 'compare the index with HEAD', args));
}

/** The text of a file as it is staged; undefined: it is not in the index. */
export async function stagedText(top: string, path: string): Promise<string | undefined> {
  const { exitCode, stdout } = await tryGit(top, ['cat-file', 'blob', `:0:${path}`]);
  return exitCode === 0 ? stdout.toString('utf8') : undefined;
}

async function refuseConflicts(top: string): Promise<void> {
  const entries = zeroSeparated(await git(top, 'read the index', ['ls-files', '--unmerged', '-z']));
  const files = [...new Set(entries.map((entry) => entry.slice(entry.indexOf('\t') + 1)))];
  if (files.length === 0) return;
  throw new SourceError(
    `There are unresolved conflicts in ${listed(files)}. Resolve them, \`git add\` the files, and finish what was under way.`,
  );
}

/** A file in the git directory that exists while an operation is under way, what that is called, and how it ends. */
const operations = [
  ['rebase-merge', 'A rebase is under way', '`git rebase --continue` or `git rebase --abort`'],
  ['rebase-apply/applying', 'Patches are being applied', '`git am --continue` or `git am --abort`'],
  ['rebase-apply', 'A rebase is under way', '`git rebase --continue` or `git rebase --abort`'],
  ['MERGE_HEAD', 'A merge is under way', '`git merge --continue` or `git merge --abort`'],
  ['CHERRY_PICK_HEAD', 'A cherry-pick is under way', '`git cherry-pick --continue` or `git cherry-pick --abort`'],
  ['REVERT_HEAD', 'A revert is under way', '`git revert --continue` or `git revert --abort`'],
  ['sequencer', 'A cherry-pick or revert of several commits is under way', '`git cherry-pick --continue` or `--abort`'],
  ['BISECT_LOG', 'A bisect is under way', '`git bisect reset`'],
] as const;

async function refuseOperations(top: string): Promise<void> {
  const args = operations.flatMap(([file]) => ['--git-path', file]);
  const paths = (await text(top, 'find the git directory', ['rev-parse', ...args])).split('\n');
  for (const [index, [, what, end]] of operations.entries()) {
    const path = paths[index];
    if (path !== undefined && existsSync(resolve(top, path)))
      throw new SourceError(`${what}. Finish it first: ${end}.`);
  }
}

async function requireIdentity(top: string): Promise<void> {
  for (const who of ['GIT_AUTHOR_IDENT', 'GIT_COMMITTER_IDENT']) {
    if ((await tryGit(top, ['var', who])).exitCode === 0) continue;
    throw new SourceError(
      'git does not know who you are, so it would not commit. Tell it once: ' +
        '`git config --global user.name "YOUR NAME"` and `git config --global user.email YOU@EXAMPLE.COM`.',
    );
  }
}

async function readDestination(top: string, branch: string): Promise<Destination> {
  const remotes = (await text(top, 'list the remotes', ['remote'])).split('\n').filter((name) => name !== '');
  const destination = chooseDestination({
    branch,
    remotes,
    remote: await configured(top, `branch.${branch}.remote`),
    merge: await configured(top, `branch.${branch}.merge`),
    pushRemote: await configured(top, `branch.${branch}.pushRemote`),
    pushDefault: await configured(top, 'remote.pushDefault'),
  });
  guardDefaultBranch(branch, destination, await defaultBranchOf(top, destination.remote));
  return destination;
}

/** The remote's default branch, where the clone has noted it. */
async function defaultBranchOf(top: string, remote: string): Promise<string | undefined> {
  const prefix = `refs/remotes/${remote}/`;
  const { exitCode, stdout } = await tryGit(top, ['symbolic-ref', '--quiet', `${prefix}HEAD`]);
  const ref = stdout.toString('utf8').trim();
  return exitCode === 0 && ref.startsWith(prefix) ? ref.slice(prefix.length) : undefined;
}

/** The last value of a configuration variable; undefined: not set, or empty. */
async function configured(top: string, name: string): Promise<string | undefined> {
  const { exitCode, stdout, stderr } = await tryGit(top, ['config', '--get', name]);
  if (exitCode === 1) return undefined;
  if (exitCode !== 0) throw gitFailure(top, `read ${name} from git's configuration`, exitCode, stderr);
  const value = stdout.toString('utf8').replace(/\r?\n$/, '');
  return value === '' ? undefined : value;
}

async function text(top: string, purpose: string, args: readonly string[]): Promise<string> {
  return (await git(top, purpose, args)).toString('utf8').replace(/\n$/, '');
}

function zeroSeparated(bytes: Buffer): readonly string[] {
  return bytes
    .toString('utf8')
    .split('\0')
    .filter((part) => part !== '');
}

/** The first few names, and how many more there are. */
export function listed(names: readonly string[], most = 5): string {
  const first = names.slice(0, most).map((name) => quoted(name));
  return names.length > most ? `${first.join(', ')} and ${names.length - most} more` : first.join(', ');
}
