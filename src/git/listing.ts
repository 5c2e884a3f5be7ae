import { isUtf8 } from 'node:buffer';
import { SourceError } from '../errors';
import { bounds } from '../system/bounds';
import { pathFromBytes } from '../system/pathText';

/** What git stores under a path: file, executable file, symbolic link, submodule. */
export type EntryMode = '100644' | '100755' | '120000' | '160000';

/** One path of a tree. A class, so that a hundred thousand of them share one hidden shape. */
export class TreeEntry {
  readonly path: string;
  readonly mode: EntryMode;
  readonly oid: string;
  /** Position in git's own order, which is that of the paths' bytes. */
  readonly index: number;

  constructor(path: string, mode: EntryMode, oid: string, index: number) {
    this.path = path;
    this.mode = mode;
    this.oid = oid;
    this.index = index;
  }
}

/** A folder: names only, without its path. */
export interface Directory {
  /** Everything directly in it that is not a folder, submodules and links included. */
  readonly files: readonly TreeEntry[];
  /** Whole paths of the folders directly in it. */
  readonly directories: readonly string[];
}

/**
 * Reads what `git ls-tree -r -z --full-tree` prints: `MODE TYPE OID\tPATH\0` …
 * https://git-scm.com/docs/git-ls-tree#_output_format
 * SourceError above `bounds.tree.files`: few objects that hold each other make any number.
 */
export function parseListing(output: Buffer): readonly TreeEntry[] {
  const entries: TreeEntry[] = [];
  const bytewise = !isUtf8(output);
  // latin1 keeps positions in step with the bytes, so odd names can be cut from the buffer itself.
  const text = output.toString(bytewise ? 'latin1' : 'utf8');
  for (let at = 0; at < text.length;) {
    const tab = text.indexOf('\t', at);
    const end = text.indexOf('\0', tab);
    if (tab < 0 || end < 0) break;
    if (entries.length >= bounds.tree.files) {
      throw new SourceError(`The commit has more than ${String(bounds.tree.files)} files, which is more than is read.`);
    }
    const path = bytewise ? pathFromBytes(output.subarray(tab + 1, end)) : text.slice(tab + 1, end);
    const oid = text.slice(text.indexOf(' ', at + 7) + 1, tab);
    entries.push(new TreeEntry(path, mode(text, at), oid, entries.length));
    at = end + 1;
  }
  return entries;
}

/** Folder path → what is in it; `''` is the top. */
export function indexDirectories(entries: readonly TreeEntry[]): ReadonlyMap<string, Directory> {
  const index = new Map<string, { files: TreeEntry[]; directories: string[] }>();
  const open = (path: string): { files: TreeEntry[]; directories: string[] } => {
    const known = index.get(path);
    if (known !== undefined) return known;
    const made = { files: [], directories: [] };
    index.set(path, made);
    if (path !== '') open(directoryOf(path)).directories.push(path);
    return made;
  };
  open('');
  let lastPath = '';
  let last = open('');
  for (const entry of entries) {
    const path = directoryOf(entry.path);
    if (path !== lastPath) {
      last = open(path);
      lastPath = path;
    }
    last.files.push(entry);
  }
  return index;
}

/** `a/b/c` → `a/b`; `c` → `''`. */
export function directoryOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

function mode(text: string, at: number): EntryMode {
  if (text.startsWith('100755', at)) return '100755';
  if (text.startsWith('120000', at)) return '120000';
  if (text.startsWith('160000', at)) return '160000';
  // 100664 was written by very old gits; a checkout treats it as 100644.
  return '100644';
}
