import { open } from 'node:fs/promises';
import { UsageError } from '../errors';
import { replaceFile } from './writing';

/** Two hundred images take some 60 kB. */
const LARGEST = 8 * 1024 * 1024;

/** Writes the lock file's text whole or not at all: whoever reads meanwhile sees the old one. Throws EnvironmentError. */
export async function writeLockFile(path: string, text: string): Promise<void> {
  await replaceFile('The lock file', path, text);
}

/** Text of a lock file, at most 8 MiB; what it says is checked where it is parsed. Throws UsageError with the path. */
export async function readLockFile(path: string): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    if (size > LARGEST)
      throw new UsageError(`The lock file ${path} is larger than 8 MiB, so kfp-images has not written it.`);
    return await file.readFile('utf8');
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`The lock file ${path} can't be read. Give the path of a kfp-images.lock.json.`, { cause });
  }
}
