import { BlobReader, type OnBlob } from '../system/gitBlobs';
import { resolveCommit } from '../system/git';
import { gitFailure, tryGit, type ObjectEnv } from '../system/gitCommand';

import { indexDirectories, parseListing, type Directory, type TreeEntry } from './tree/listing';

export type { Directory, TreeEntry } from './tree/listing';

/** The files of one commit, by git's own objects; nothing of the work tree is looked at. */
export interface GitTree {
  /** What it was read from, for error messages: a commit or tree id, or the name given. */
  readonly label: string;
  /** Everything but folders, in the order of the paths' bytes. */
  readonly entries: readonly TreeEntry[];
  entry(path: string): TreeEntry | undefined;
  /** What lies directly in a folder; `''` is the top; undefined: there is no such folder. */
  directory(path: string): Directory | undefined;
  /** Where each symbolic link points, as text. */
  readonly links: ReadonlyMap<string, string>;
  /** Gives the content of each object to `each`, in the order asked; may be called again and again. */
  read(oids: readonly string[], each: OnBlob): Promise<void>;
  /** Ends the reading process. */
  close(): Promise<void>;
}

/**
 * Lists the tree of `treeish` (a commit, tag, branch or tree) in the repository that `cwd` lies in. Two processes in
 * all: `git ls-tree` now and one `git cat-file --batch` for whatever is read later.
 * `objectEnv`: where the objects of a workspace's tree lie. SourceError: no repository, no such revision.
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
  const entries = parseListing(stdout);
  const reader = new BlobReader(cwd, objectEnv);
  const links = await readLinks(entries, reader);
  return makeTree(treeish, entries, links, reader);
}

/** A tree from its parts; `readTree` without git, for tests and other sources. */
export function makeTree(
  label: string,
  entries: readonly TreeEntry[],
  links: ReadonlyMap<string, string>,
  reader: Pick<BlobReader, 'read' | 'close'>,
): GitTree {
  const directories = indexDirectories(entries);
  let byPath: Map<string, TreeEntry> | undefined;
  return {
    label,
    entries,
    links,
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
