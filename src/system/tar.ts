import { pipeline, type Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { atFrames } from './zstdFrames';

/** Calls `each` for one entry of a tar after the other; what it leaves of the content is skipped. Throws where it is not a tar, or `each` does. */
export async function eachTarEntry(
  source: Readable,
  each: (header: Header, content: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  const parser = extract();
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    for await (const entry of parser) {
      const chunks = (entry as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
      // Without `return`: an entry that is left early would be destroyed, and the next one never come.
      await each(entry.header, { [Symbol.asyncIterator]: () => ({ next: () => chunks.next() }) });
      while ((await chunks.next()).done !== true);
    }
  } finally {
    source.destroy();
  }
}

/** What comes out of gzip or zstd, or the same stream where it is neither. `start`: its first four bytes. */
export function decompress(source: Readable, start: Uint8Array): Readable {
  const magic = Buffer.from(start.subarray(0, 4)).toString('hex');
  // What goes wrong on the way is the last one's error.
  if (magic.startsWith('1f8b')) return pipeline(source, createGunzip(), () => undefined);
  if (/^(28b52ffd|5.2a4d18)$/.test(magic)) return pipeline(source, atFrames, createZstdDecompress(), () => undefined);
  return source;
}
