import { appendFile, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { EnvironmentError } from '../errors';

/** Why a file can't be written, by the system's error code, and what to do about it. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full. Free some space and run again.',
  EDQUOT: "this user's disk quota is used up. Free some space and run again.",
  EACCES: 'this user may not write there. Choose another path or change its permissions.',
  EPERM: 'this user may not write there. Choose another path or change its permissions.',
  EROFS: 'it lies on a read-only file system. Choose another path.',
  ENOENT: 'its folder does not exist. Create it first.',
  ENOTDIR: 'a part of its path is not a folder. Choose another path.',
  EISDIR: 'there is a folder of this name. Choose another path.',
};

/** `what`: the file's purpose, `The lock file`. */
export function writeError(what: string, path: string, cause: unknown): EnvironmentError {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
  const reason = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  return new EnvironmentError(`${what} ${path} can't be written${reason === undefined ? '.' : `: ${reason}`}`, {
    cause,
  });
}

/**
 * Writes a whole file or leaves what was there: into a new file beside it, which then takes its name. Throws EnvironmentError.
 */
export async function replaceFile(what: string, path: string, content: string): Promise<void> {
  const fresh = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  try {
    const file = await open(fresh, 'wx', 0o644);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
  } catch (cause) {
    await rm(fresh, { force: true }).catch(() => undefined);
    throw writeError(what, path, cause);
  }
}

/** Adds to one of the files that GitHub's runner reads after the step. Throws EnvironmentError. */
export async function appendTo(what: string, path: string, content: string): Promise<void> {
  try {
    await appendFile(path, content);
  } catch (cause) {
    throw writeError(what, path, cause);
  }
}

/** Bytes of a file; 0 when it does not exist. */
export async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    (found) => found.size,
    () => 0,
  );
}
