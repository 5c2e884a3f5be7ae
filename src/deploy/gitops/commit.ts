import { join } from 'node:path';
import { DeployError, UsageError } from '../../errors';
import { commitOfRef } from '../../git/remoteRefs';
import { quoted } from '../../system/quoted';
import type { EditedFile } from './edits';
import { must, said, type GitOpsClone } from './repository';

/** A file as a commit has it. */
interface CommittedFile {
  readonly path: string;
  readonly text: string;
  /** `100644` or `100755`. */
  readonly mode: string;
}

/** The default branch of the remote, where the user names none. Throws DeployError. */
export async function defaultBranch({ git, remote }: GitOpsClone): Promise<string> {
  const listed = await must(git, 'ask the remote for its default branch', ['ls-remote', '--symref', remote, 'HEAD']);
  const found = /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(listed.toString('utf8'))?.[1];
  if (found !== undefined) return found;
  throw new DeployError('The GitOps repository names no default branch; is it empty? Give --branch.');
}

/** Throws UsageError for what git would not take as the name of a branch. */
export async function requireBranchName({ git }: GitOpsClone, branch: string): Promise<void> {
  if (!branch.startsWith('-') && (await git(['check-ref-format', '--branch', branch])).exitCode === 0) return;
  throw new UsageError(`${quoted(branch)} is not the name of a branch.`);
}

/** Fetches a branch and gives the commit it is at; undefined: it is not there. Throws DeployError. */
export async function fetchBranch({ git, remote }: GitOpsClone, branch: string): Promise<string | undefined> {
  const ref = `refs/heads/${branch}`;
  const there = await must(git, 'ask the remote for its branches', ['ls-remote', remote, ref]);
  const id = commitOfRef(there.toString('utf8'), ref);
  if (id === undefined) return undefined;
  await must(git, `fetch ${branch}`, ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', remote, ref]);
  return id;
}

/** Reads files of a commit, bytes as they are. Throws UsageError when one is not there, is not text, or leads elsewhere. */
export async function readFiles(
  { git }: GitOpsClone,
  commit: string,
  paths: readonly string[],
): Promise<readonly CommittedFile[]> {
  return Promise.all(
    paths.map(async (path) => {
      const listed = (await must(git, `look for ${path}`, ['ls-tree', '-z', commit, '--', path])).toString('utf8');
      const [, mode, kind, id] = /^(\d+) (\w+) ([0-9a-f]+)\t/.exec(listed) ?? [];
      if (mode === undefined || id === undefined)
        throw new UsageError(`The GitOps repository has no file ${quoted(path)} at ${commit.slice(0, 12)}.`);
      if (kind !== 'blob' || mode === '120000')
        throw new UsageError(`${quoted(path)} of the GitOps repository is not a plain file.`);
      const bytes = await must(git, `read ${path}`, ['cat-file', 'blob', id]);
      return { path, mode, text: decode(bytes, path) };
    }),
  );
}

/**
 * Makes the commit that changes exactly these files on top of `parent`, in a private index: neither the user's files nor index are touched.
 * Gives its id.
 */
export async function makeCommit(
  { git, scratch }: GitOpsClone,
  parent: string,
  files: readonly (Pick<EditedFile, 'path' | 'after'> & { readonly mode: string })[],
  text: string,
): Promise<string> {
  const env = { GIT_INDEX_FILE: join(scratch, 'index') };
  await must(git, 'read the tree', ['read-tree', parent], { env });
  for (const { path, after, mode } of files) {
    const id = await must(git, `store ${path}`, ['hash-object', '-w', '--stdin', '--no-filters'], { input: after });
    const entry = `${mode},${id.toString('utf8').trim()},${path}`;
    await must(git, `add ${path}`, ['update-index', '--cacheinfo', entry], { env });
  }
  const tree = (await must(git, 'write the tree', ['write-tree'], { env })).toString('utf8').trim();
  // `git commit` signs where the configuration says so; commit-tree has to be told (https://git-scm.com/docs/git-commit-tree).
  const asked = await git(['config', '--type=bool', '--get', 'commit.gpgSign']);
  const signs = asked.stdout.toString('utf8').trim() === 'true';
  const args = ['commit-tree', tree, '-p', parent, ...(signs ? ['-S'] : []), '-F', '-'];
  const made = await git(args, { input: text });
  if (made.exitCode === 0) return made.stdout.toString('utf8').trim();
  if (signs && (await git(['var', 'GIT_COMMITTER_IDENT'])).exitCode === 0) {
    throw new DeployError(
      `Could not sign the commit, as commit.gpgSign asks: ${said(made.stderr)}\nMake the key usable here (user.signingKey, gpg.format), or set commit.gpgSign to false for this call: GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=commit.gpgSign GIT_CONFIG_VALUE_0=false.`,
    );
  }
  throw new DeployError(
    `Could not commit: ${said(made.stderr)}\nTell git who you are: git config user.name and user.email (or GIT_AUTHOR_NAME, GIT_COMMITTER_NAME …).`,
  );
}

/** Has a branch commits, beside merges, that `base` has not and whose subject is not that of our `message`: what others put there? */
export async function hasOthersWork(
  { git }: GitOpsClone,
  base: string,
  standing: string,
  message: string,
): Promise<boolean> {
  const [own] = message.split('\n', 1);
  const args = ['log', '--no-merges', '--no-show-signature', '--format=%s', standing, `^${base}`, '--'];
  const subjects = (await must(git, 'read what the branch has', args)).toString('utf8').split('\n');
  return subjects.some((subject) => subject !== '' && subject !== own);
}

/** The diff of a commit to its parent, for people. */
export async function diffOf({ git }: GitOpsClone, parent: string, commit: string): Promise<string> {
  const args = ['diff', '--no-color', '--no-ext-diff', '--no-textconv', parent, commit, '--'];
  return (await must(git, 'show the diff', args)).toString('utf8');
}

function decode(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new UsageError(`${quoted(path)} is not UTF-8 text, so nothing can be written into it.`, { cause });
  }
}
