import { createHash, type Hash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { pack, type Header, type Pack } from 'tar-stream';
import { message } from '../errors';
import { eachTarEntry } from '../system/tar';
import type { UsedCache } from './rewriteDockerfile';

/** A layer on disk. */
export interface CollectedLayer {
  readonly file: string;
  readonly digest: string;
  readonly size: number;
  /** Digest before compression. */
  readonly diffId: string;
  /** Bytes before compression. */
  readonly unpacked: number;
}

type Entry = Parameters<Pack['entry']>[0];

/** How files of a cache mount are in a layer. */
export interface LayerRules {
  readonly cache: Pick<UsedCache, 'path' | 'owner'>;
  /** Folder in the layer, absolute. */
  readonly folder: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** So long after now Go's cache entries of a seed are dated, see `packLayer`. Beyond 2038 some file systems have no dates. */
export const aheadMs = 9 * 365 * 86_400_000;
const dayMs = 86_400_000;

/** Go's build cache. */
export function isGoCache({ path }: Pick<UsedCache, 'path'>): boolean {
  return path.endsWith('/go-build');
}

/**
 * Packs the files of a cache mount into a compressed layer. `exported`: a tar that holds `files.tar`, which is one or more tars one after the
 * other. undefined: there are no files. Throws where it is not a tar file.
 *
 * Entries of Go's cache are dated years ahead: Go removes entries that were not used for days by their date, and updates the date of an old one when it
 * uses it, for which an overlay file system copies the whole file; a date ahead spares both (cmd/go/internal/cache). Their date also tells when
 * they came into the seed. All other folders keep the dates of their files, because tools compare them (make, cargo). Folders belong to the
 * mount's owner, who writes into them.
 */
export async function packLayer(
  exported: Readable,
  rules: LayerRules,
  file: string,
  signal: AbortSignal,
): Promise<CollectedLayer | undefined> {
  const layer = pack();
  const [plain, packed] = [new Measure(), new Measure()];
  const zstd = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  const written = pipeline(layer, plain, zstd, packed, createWriteStream(file, { mode: 0o600 }), { signal });
  const [entries] = await Promise.all([copyEntries(exported, layer, rules), written]);
  if (entries === 0) return undefined;
  const { size } = await stat(file);
  return { file, digest: packed.digest(), size, diffId: plain.digest(), unpacked: plain.bytes };
}

/** Gives how many there were. */
async function copyEntries(exported: Readable, layer: Pack, rules: LayerRules): Promise<number> {
  const dated = datedBy(rules);
  const folders = new Set<string>();
  let entries = 0;
  try {
    await eachTarEntry(exported, async ({ name }, content) => {
      if (posix.normalize(name) !== 'files.tar') return;
      await eachTarEntry(Readable.from(content), async (header, bytes) => {
        entries++;
        const own = placed(header, rules);
        await addFolders(layer, posix.dirname(own.name), rules, folders);
        await addEntry(layer, { ...own, mtime: dated(header.mtime) }, bytes);
      });
    });
  } catch (thrown) {
    layer.destroy(thrown instanceof Error ? thrown : new Error(message(thrown)));
    throw thrown;
  }
  layer.finalize();
  return entries;
}

function datedBy({ cache, now }: LayerRules): (mtime: Date | undefined) => Date {
  const ahead = new Date(now + aheadMs);
  return (mtime = new Date(0)) => (isGoCache(cache) && mtime.getTime() <= now + dayMs ? ahead : mtime);
}

/** The same entry, where it is in the layer; of hard links also what they lead to. */
function placed({ name, linkname, type, mode, uid, gid, size }: Header, { folder }: LayerRules): Entry {
  const within = (path: string): string => posix.join(folder, path).replace(/^\//, '');
  return { name: within(name), type, mode, uid, gid, size, linkname: type === 'link' ? within(linkname) : linkname };
}

/** The folder and those that it is in, each once. */
async function addFolders(layer: Pack, path: string, { cache, now }: LayerRules, known: Set<string>): Promise<void> {
  if (path === '.' || known.has(path)) return;
  known.add(path);
  await addFolders(layer, posix.dirname(path), { cache, now, folder: '' }, known);
  const [uid = 0, gid = 0] = cache.owner.split(':').map(Number);
  await addEntry(layer, { name: path, type: 'directory', mode: 0o755, uid, gid, mtime: new Date(now) }, []);
}

/** Waits for what takes the tar, so that no file is kept in memory as a whole. */
async function addEntry(
  layer: Pack,
  header: Entry,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<null>();
  // Should the content fail first, nobody waits for it.
  promise.catch(() => undefined);
  const entry = layer.entry(header, (error?: Error | null) => (error ? reject(error) : resolve(null)));
  for await (const chunk of content) {
    if (entry.write(chunk)) continue;
    const drained = new Promise<null>((go) => void entry.once('drain', () => go(null)));
    await Promise.race([drained, promise]);
  }
  entry.end(undefined);
  await promise;
}

/** Counts and digests what passes through. */
class Measure extends Transform {
  bytes = 0;
  readonly #hash: Hash = createHash('sha256');

  override _transform(chunk: Buffer, _: BufferEncoding, done: (error: null, data: Buffer) => void): void {
    this.bytes += chunk.length;
    this.#hash.update(chunk);
    done(null, chunk);
  }

  digest(): string {
    return `sha256:${this.#hash.digest('hex')}`;
  }
}
