import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { UsageError } from '../errors';
import { bounds, inWords } from './bounds';

/**
 * The text of a file of at most `most` bytes. What it says of its size is not believed: a device or a pipe (`/dev/zero`) says 0 and never
 * ends. `what` names it in the error, such as `the lock file x.json`. Throws UsageError when there is more, else what reading threw.
 */
export async function readBounded(path: string, most: number, what: string): Promise<string> {
  await using file = await open(path, 'r');
  const chunks: Buffer[] = [];
  let length = 0;
  while (length <= most) {
    const chunk = Buffer.allocUnsafe(Math.min(256 * 1024, most + 1 - length));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
    if (bytesRead === 0) return Buffer.concat(chunks).toString('utf8');
    chunks.push(chunk.subarray(0, bytesRead));
    length += bytesRead;
  }
  throw tooMuch(what, most);
}

/**
 * The same at once, for secrets; `-`: standard input. Whoever writes there may never come to an end, and meanwhile no handler of ours runs:
 * so signals end us as if we had none. Nothing is begun yet.
 */
export function readSecretFile(path: string, what: string): string {
  const most = bounds.configurationFile;
  const restore = (['SIGINT', 'SIGTERM'] as const).flatMap((signal) => {
    const handlers = process.listeners(signal);
    process.removeAllListeners(signal);
    return handlers.map((handler) => () => process.on(signal, handler));
  });
  let file = 0;
  try {
    if (path !== '-') file = openSync(path, 'r');
    const bytes = Buffer.allocUnsafe(most + 1);
    for (let length = 0; length <= most;) {
      const read = readSync(file, bytes, length, bytes.length - length, null);
      if (read === 0) return bytes.toString('utf8', 0, length);
      length += read;
    }
    throw tooMuch(what, most);
  } finally {
    if (file !== 0) closeSync(file);
    for (const again of restore) again();
  }
}

function tooMuch(what: string, most: number): UsageError {
  return new UsageError(`${what} has more than ${inWords(most)}, which is too much to be one.`);
}
