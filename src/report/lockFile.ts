import { UsageError } from '../errors';
import { readBounded } from '../system/boundedFile';
import { bounds } from '../system/bounds';
import { replaceFile } from './atomicFile';

/** Writes the lock file's text whole or not at all: whoever reads meanwhile sees the old one. Throws EnvironmentError. */
export async function writeLockFile(path: string, text: string): Promise<void> {
  await replaceFile('The lock file', path, text);
}

/** Text of a lock file within its bound; what it says is checked where it is parsed. Throws UsageError with the path. */
export async function readLockFile(path: string): Promise<string> {
  try {
    return await readBounded(path, bounds.lockFile.bytes, `The lock file ${path}`);
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`The lock file ${path} can't be read. Give the path of a kfp-images.lock.json.`, { cause });
  }
}
