import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { SourceError } from '../errors';
import { gitDirectory } from './git';
import { git, type ObjectEnv } from './gitCommand';

/** Configuration that would let this machine's taste into the files; the repository's own attributes stay in force. */
const asCommitted = [
  ['core.autocrlf', 'false'],
  ['core.eol', 'lf'],
  ['core.fileMode', 'true'],
  ['core.symlinks', 'true'],
  ['core.sparseCheckout', 'false'],
  ['core.fsmonitor', 'false'],
  ['core.untrackedCache', 'false'],
  ['core.splitIndex', 'false'],
  ['core.hooksPath', '/dev/null'],
  ['core.attributesFile', '/dev/null'],
  ['submodule.recurse', 'false'],
].flatMap(([name, value]) => ['-c', `${name ?? ''}=${value ?? ''}`]);

/**
 * Writes the files of `treeish` (a commit or a tree) into `directory`, exactly as they are committed: with the
 * repository's attributes and filters (Git LFS) as in a checkout, untouched by this machine's line ends, umask, hooks
 * or sparse checkout. `directory` is made, or must be empty; no `.git` is left in it and no index outside it changes.
 * Submodules become empty folders, as they do in a checkout. `git archive` would not do: it obeys export-ignore and
 * export-subst. `objectEnv`: where the objects of a workspace's tree lie.
 */
export async function materialise(
  cwd: string,
  treeish: string,
  directory: string,
  objectEnv: ObjectEnv = {},
): Promise<void> {
  const target = resolve(cwd, directory);
  await mkdir(target, { recursive: true });
  if ((await readdir(target)).length > 0) {
    throw new SourceError(`The folder ${target} is not empty; a clean tree can only be written into an empty one.`);
  }
  const gitDir = await gitDirectory(cwd);
  // Beside the tree: whoever has to take that away after we were killed takes this too.
  const scratch = await mkdtemp(join(dirname(target), 'index-'));
  try {
    await withUmask(0o022, () =>
      git(
        target,
        `write the files of ${treeish}`,
        [`--git-dir=${gitDir}`, `--work-tree=${target}`, ...asCommitted, 'read-tree', '--reset', '-u', treeish],
        { env: { ...objectEnv, GIT_INDEX_FILE: join(scratch, 'index'), GIT_OPTIONAL_LOCKS: '0' } },
      ),
    );
    await chmod(target, 0o755);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Starts a child under this umask. Only starting is synchronous, so nothing else of this process runs meanwhile. */
function withUmask<T>(mask: number, start: () => Promise<T>): Promise<T> {
  const before = process.umask(mask);
  try {
    return start();
  } finally {
    process.umask(before);
  }
}
