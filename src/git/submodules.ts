import { lstatSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { pathToBytes } from '../system/pathText';
import { topLevel } from './git';
import { tryGit, type ObjectEnv } from './gitCommand';
import { parseListing, TreeEntry } from './listing';

/** A repository's files with those of its submodules, and where their objects are found. */
interface Expanded {
  readonly entries: readonly TreeEntry[];
  readonly objectEnv: ObjectEnv;
}

/** A submodule of a submodule of … */
const deepest = 8;

/**
 * Puts the files of each submodule in the place of its one entry, at the commit that the entry pins, where the submodule is checked out in
 * this clone and has that commit; the entry stays where it is not. Nothing but git objects is read.
 */
export async function withSubmodules(cwd: string, listed: readonly TreeEntry[], env: ObjectEnv): Promise<Expanded> {
  if (listed.every(({ mode }) => mode !== '160000')) return { entries: listed, objectEnv: env };
  const stores: string[] = [];
  const entries = await expanded(realpathSync(await topLevel(cwd)), '', listed, stores, 0);
  if (stores.length === 0) return { entries: listed, objectEnv: env };
  // In git's own order, which is that of the paths' bytes.
  const sorted = entries
    .map((entry) => ({ entry, bytes: pathToBytes(entry.path) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ entry: { path, mode, oid } }, index) => new TreeEntry(path, mode, oid, index));
  const before = env['GIT_ALTERNATE_OBJECT_DIRECTORIES'];
  const alternates = [...(before === undefined ? [] : [before]), ...new Set(stores.map(quotedStore))].join(':');
  return { entries: sorted, objectEnv: { ...env, GIT_ALTERNATE_OBJECT_DIRECTORIES: alternates } };
}

/** The submodule whose files are not here, and that a path of the tree lies in; undefined: none. */
export function submoduleAbove(
  tree: { entry(path: string): TreeEntry | undefined },
  path: string,
): TreeEntry | undefined {
  for (let end = path.indexOf('/'); end > 0; end = path.indexOf('/', end + 1)) {
    const entry = tree.entry(path.slice(0, end));
    if (entry !== undefined) return entry.mode === '160000' ? entry : undefined;
  }
  return undefined;
}

/** How to get the files of a submodule, as part of a sentence. */
export const submoduleMend = 'Give actions/checkout `submodules: true`, or run `git submodule update --init`';

async function expanded(
  top: string,
  prefix: string,
  listed: readonly TreeEntry[],
  stores: string[],
  depth: number,
): Promise<readonly TreeEntry[]> {
  const all: TreeEntry[] = [];
  for (const entry of listed) {
    const path = `${prefix}${entry.path}`;
    const files =
      entry.mode === '160000' && depth < deepest ? await filesOf(join(top, path), entry.oid, stores) : undefined;
    if (files === undefined) all.push(prefix === '' ? entry : new TreeEntry(path, entry.mode, entry.oid, 0));
    else all.push(...(await expanded(top, `${path}/`, files, stores, depth + 1)));
  }
  return all;
}

/** undefined: not checked out, or not with that commit. */
async function filesOf(folder: string, commit: string, stores: string[]): Promise<readonly TreeEntry[] | undefined> {
  if (!isCheckedOut(folder)) return undefined;
  const [listing, store] = await Promise.all([
    tryGit(folder, ['ls-tree', '-r', '-z', '--full-tree', commit]),
    tryGit(folder, ['rev-parse', '--path-format=absolute', '--git-path', 'objects']),
  ]);
  if (listing.exitCode !== 0 || store.exitCode !== 0) return undefined;
  stores.push(store.stdout.toString('utf8').replace(/\n$/, ''));
  return parseListing(listing.stdout);
}

/** A folder with a repository of its own, and not behind a link: git writes no `.git` from a commit. */
function isCheckedOut(folder: string): boolean {
  try {
    lstatSync(join(folder, '.git'));
    return realpathSync(folder) === folder;
  } catch {
    return false;
  }
}

/** A colon separates folders there, so such a path must be quoted: https://git-scm.com/docs/git#_the_git_repository */
export function quotedStore(store: string): string {
  return /[":\\]/.test(store) ? JSON.stringify(store) : store;
}
