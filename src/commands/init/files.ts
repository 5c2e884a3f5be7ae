import { lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SourceError, message } from '../../errors';

/**
 * The text of a file in the repository; undefined: there is none. Throws SourceError for what is not a plain file, and where a
 * folder on the way is a link: writing there could reach a file outside the repository.
 */
export async function readPlain(top: string, path: string): Promise<string | undefined> {
  const parts = path.split('/');
  for (let length = 1; length <= parts.length; length++) {
    const part = parts.slice(0, length).join('/');
    const last = length === parts.length;
    let found;
    try {
      found = await lstat(join(top, part));
    } catch (thrown) {
      if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
      throw new SourceError(`${part} can't be looked at (${message(thrown)}).`, { cause: thrown });
    }
    if (last ? !found.isFile() : !found.isDirectory()) {
      const kind = found.isSymbolicLink() ? 'a symbolic link' : last ? 'not a file' : 'not a folder';
      throw new SourceError(`${part} is ${kind}, so ${path} can't be written there. Move it away and try again.`);
    }
  }
  try {
    return await readFile(join(top, path), 'utf8');
  } catch (cause) {
    throw new SourceError(`${path} can't be read.`, { cause });
  }
}

/** Writes a file whole or not at all. Throws SourceError. */
export async function writeWhole(top: string, path: string, text: string): Promise<void> {
  const target = join(top, path);
  const beside = `${target}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(target), { recursive: true });
    await writeFile(beside, text, { flag: 'wx' });
    await rename(beside, target);
  } catch (cause) {
    await rm(beside, { force: true });
    throw new SourceError(`${path} could not be written.`, { cause });
  }
}
