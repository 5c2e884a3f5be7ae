import { chmodSync, copyFileSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { SourceError } from '../errors';
import { escapePath, pathToBytes } from '../system/pathText';
import type { GitTree } from './gitTree';
import type { EntryMode } from './listing';

/** One path of a tree to write. */
export interface TreeFile {
  /** In the repository. */
  readonly path: string;
  readonly mode: EntryMode;
  readonly oid: string;
}

/** A folder to be made, and exactly what is to be in it. */
interface FileTree {
  /** Must not be there yet; the folder above it must. */
  readonly directory: string;
  readonly files: readonly TreeFile[];
  /** Folders to be made also where no file is in them. */
  readonly folders: readonly string[];
}

/**
 * Writes trees byte by byte as git stores them: no filter, no conversion of line ends, no umask, modes 644 and 755, links as links, an empty
 * folder for a submodule. Each object is read once; what several trees have in common is the same file on disk (a hard link), but never
 * twice in one tree, where a build would make a hard link of it in the image.
 * SourceError when an object is not in this clone, or the paths of a tree are such as git itself never writes.
 */
export async function writeTrees(source: Pick<GitTree, 'read'>, trees: readonly FileTree[]): Promise<void> {
  const wanted = new Map<string, Place[]>();
  for (const tree of trees) {
    const made = new Set<string>();
    makeFolder(tree.directory, '');
    for (const folder of tree.folders) makeFolders(tree.directory, folder, made);
    for (const { path, mode, oid } of tree.files) {
      if (/(^|\/)(\.{0,2})(\/|$)/.test(path)) throw malformed(path);
      if (mode === '160000') {
        makeFolders(tree.directory, path, made);
        continue;
      }
      makeFolders(tree.directory, path.slice(0, Math.max(0, path.lastIndexOf('/'))), made);
      const places = wanted.get(oid);
      const place = { tree: tree.directory, file: inside(tree.directory, path), mode };
      if (places === undefined) wanted.set(oid, [place]);
      else places.push(place);
    }
  }
  await source.read([...wanted.keys()], (oid, content) => {
    const written: Place[] = [];
    for (const place of wanted.get(oid) ?? []) {
      try {
        write(place, content, written);
      } catch (thrown) {
        if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST')
          throw malformed(place.file.toString());
        throw thrown;
      }
    }
  });
}

function malformed(path: string): SourceError {
  return new SourceError(
    `The commit holds the path ${escapePath(path).slice(0, 300)} in a way that git itself never writes, so it is not built. \`git fsck\` shows what is wrong with it.`,
  );
}

interface Place {
  readonly tree: string;
  readonly file: Buffer;
  readonly mode: Exclude<EntryMode, '160000'>;
}

/** `written`: files of this object that hard links can be made of. */
function write(place: Place, content: Buffer, written: Place[]): void {
  const { tree, file, mode } = place;
  if (mode === '120000') {
    symlinkSync(content, file);
    return;
  }
  // Of files that are not yet in this tree: what is linked once goes to the end, so that the next place of this tree takes another.
  const index = written.findIndex((other) => other.mode === mode && other.tree !== tree);
  const [twin] = index < 0 ? [] : written.splice(index, 1);
  if (twin !== undefined) {
    written.push({ ...twin, tree });
    linkOrCopy(twin.file, file);
    return;
  }
  // Never through a link: a tree that names a path twice is refused.
  writeFileSync(file, content, { flag: 'wx' });
  chmodSync(file, mode === '100755' ? 0o755 : 0o644);
  written.push(place);
}

/** Some file systems have no hard links, or not that many of one file. */
function linkOrCopy(from: Buffer, to: Buffer): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

function makeFolders(top: string, folder: string, made: Set<string>): void {
  if (folder === '' || folder === '.' || made.has(folder)) return;
  makeFolders(top, folder.slice(0, Math.max(0, folder.lastIndexOf('/'))), made);
  makeFolder(top, folder);
  made.add(folder);
}

function makeFolder(top: string, folder: string): void {
  const path = inside(top, folder);
  mkdirSync(path);
  // Whatever the umask: the same bits in every image.
  chmodSync(path, 0o755);
}

function inside(top: string, path: string): Buffer {
  return path === '' ? Buffer.from(top) : Buffer.concat([Buffer.from(`${top}/`), pathToBytes(path)]);
}
