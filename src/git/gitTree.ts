import { BlobReader, type OnBlob } from './gitBlobs';
import { resolveCommit } from './git';
import { gitFailure, tryGit, type ObjectEnv } from './gitCommand';

import { indexDirectories, parseListing, type Directory, type TreeEntry } from './listing';

import { withSubmodules } from './submodules';

export type { Directory, TreeEntry } from './listing';

/** The files of one commit, by git's own objects; nothing of the work tree is looked at. */
export interface GitTree {
  /** What it was read from, for error messages: a commit or tree id, or the name given. */
  readonly label: string;
  /** Everything but folders, in the order of the paths' bytes. */
  readonly entries: readonly TreeEntry[];
  entry(path: string): TreeEntry | undefined;
  /** What is directly in a folder; `''` is the top; undefined: there is no such folder. */
  directory(path: string): Directory | undefined;
  /** Where each symbolic link points, as text. */
  readonly links: ReadonlyMap<string, string>;
  /** Environment with which git finds its objects, those of submodules among them. */
  readonly objectEnv: ObjectEnv;
  /** Gives the content of each object to `each`, in the order asked; may be called again and again. */
  read(oids: readonly string[], each: OnBlob): Promise<void>;
  /** Ends the reading process. */
  close(): Promise<void>;
}

/**
 * Lists the tree of `treeish` (a commit, tag, branch or tree) in the repository that `cwd` is in. Two processes in
 * all: `git ls-tree` now and one `git cat-file --batch` for whatever is read later.
 * `objectEnv`: where the objects of a workspace's tree are. SourceError: no repository, no such revision.
 */
export async function readTree(cwd: string, treeish: string, objectEnv: ObjectEnv = {}): Promise<GitTree> {
  // A name that looks like an option, or is none at all, gets its error from resolveCommit.
  const name = /^[^-\0-\x1f\x7f][^\0-\x1f\x7f]*$/.test(treeish) ? treeish : await resolveCommit(cwd, treeish);
  const { exitCode, stdout, stderr } = await tryGit(cwd, ['ls-tree', '-r', '-z', '--full-tree', name], {
    env: objectEnv,
  });
  if (exitCode !== 0) {
    await resolveCommit(cwd, treeish);
    throw gitFailure(cwd, `list the files of ${treeish}`, exitCode, stderr);
  }
  const { entries, objectEnv: env } = await withSubmodules(cwd, parseListing(stdout), objectEnv);
  const reader = new BlobReader(cwd, env);
  const links = await readLinks(entries, reader);
  return makeTree(treeish, entries, links, reader, env);
}

/** A tree from its parts; `readTree` without git, for tests and other sources. */
export function makeTree(
  label: string,
  entries: readonly TreeEntry[],
  links: ReadonlyMap<string, string>,
  reader: Pick<BlobReader, 'read' | 'close'>,
  objectEnv: ObjectEnv = {},
): GitTree {
  const directories = indexDirectories(entries);
  let byPath: Map<string, TreeEntry> | undefined;
  return {
    label,
    entries,
    links,
    objectEnv,
    entry: (path) => (byPath ??= new Map(entries.map((entry) => [entry.path, entry]))).get(path),
    directory: (path) => directories.get(path),
    read: (oids, each) => reader.read(oids, each),
    close: () => reader.close(),
  };
}

async function readLinks(entries: readonly TreeEntry[], reader: BlobReader): Promise<ReadonlyMap<string, string>> {
  const links = entries.filter((entry) => entry.mode === '120000');
  const targets = new Map<string, string>();
  await reader.read([...new Set(links.map((entry) => entry.oid))], (oid, content) => {
    targets.set(oid, content.toString('utf8'));
  });
  const byPath = new Map<string, string>();
  for (const entry of links) byPath.set(entry.path, targets.get(entry.oid) ?? '');
  return byPath;
}
