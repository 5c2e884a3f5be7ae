import { mkdtemp, open, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { git } from '../../git/gitCommand';

/** The bytes of an index; undefined: there was no index file. */
export type IndexBytes = Buffer | undefined;

/** Reads an index as it is on disk. */
export async function readIndex(path: string): Promise<IndexBytes> {
  try {
    return await readFile(path);
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
}

/**
 * The tree that committing an index would give; files that are only intended to be added are not in it.
 * Works on a copy: `git write-tree` writes to the index it is asked about.
 */
export async function treeOf(top: string, index: IndexBytes): Promise<string> {
  const scratch = await mkdtemp(join(tmpdir(), 'kfp-images-index-'));
  try {
    const copy = join(scratch, 'index');
    if (index !== undefined) await writeFile(copy, index);
    const tree = await git(top, 'read what is staged', ['write-tree'], { env: { GIT_INDEX_FILE: copy } });
    return tree.toString('utf8').trim();
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * Puts an index back as it was, byte by byte, if it still is what `now` says: what anybody has staged since is not
 * thrown away. Keeps to git's protocol (`index.lock`, then a rename), so no git process sees half of it.
 * Gives whether it was put back.
 */
export async function restoreIndex(path: string, before: IndexBytes, now: IndexBytes): Promise<boolean> {
  const lock = `${path}.lock`;
  let file;
  try {
    file = await open(lock, 'wx', (await modeOf(path)) ?? 0o644);
  } catch (thrown) {
    // Somebody else has the lock: a git process at work.
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST') return false;
    throw thrown;
  }
  try {
    const unchanged = sameIndex(await readIndex(path), now);
    if (unchanged && before !== undefined) await file.writeFile(before);
    await file.close();
    if (!unchanged) {
      await unlink(lock);
      return false;
    }
    if (before !== undefined) {
      await rename(lock, path);
    } else {
      await rm(path, { force: true });
      await unlink(lock);
    }
    return true;
  } catch (thrown) {
    await file.close().catch(() => undefined);
    await rm(lock, { force: true });
    throw thrown;
  }
}

/** Do two readings of an index agree, byte by byte? */
export function sameIndex(one: IndexBytes, other: IndexBytes): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.equals(other);
}

async function modeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mode & 0o777;
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
}
