import { Readable } from 'node:stream';
import pLimit from 'p-limit';
import { PublishError } from '../../errors';
import { readGoBuildInfo, type GoBuildInfo } from '../../golang/buildInfo';
import { readManifest } from '../../oci/manifest';
import { decompress, eachTarEntry } from '../../system/tar';
import type { Registry } from '../../types';

/** A Go binary in an image. */
interface GoBinary {
  /** Within the image, without the first slash. */
  readonly path: string;
  readonly info: GoBuildInfo;
}

export interface FoundBinaries {
  readonly binaries: readonly GoBinary[];
  /** Digests of layers that are too large to be read. */
  readonly unread: readonly string[];
}

/** Layers are held in memory, one at a time. */
const largestLayer = 256 * 2 ** 20;
/** Of what comes out of one: bytes, and entries, of which an empty one has few bytes. */
const largest = { content: 8 * 2 ** 30, entries: 1_000_000 };

/** What one layer does: path → a binary; undefined: the path holds none any more; `folders`: these are emptied first. */
interface LayerBinaries {
  readonly paths: ReadonlyMap<string, GoBuildInfo | undefined>;
  readonly folders: readonly string[];
}

/** Reads the Go binaries of images, each layer once, one after the other. */
export function goBinaryReader(
  registry: Registry,
  most: typeof largest = largest,
): (repository: string, digest: string) => Promise<FoundBinaries> {
  const known = new Map<string, Promise<LayerBinaries>>();
  const oneAtATime = pLimit(1);
  const layerOf = (repository: string, digest: string, size: number): Promise<LayerBinaries> => {
    const asked =
      known.get(digest) ??
      oneAtATime(async () => readLayer(await registry.blob(repository, digest, size), `${repository}@${digest}`, most));
    known.set(digest, asked);
    asked.catch(() => known.delete(digest));
    return asked;
  };
  return async (repository, digest) => {
    const manifest = await registry.manifest(repository, digest);
    const layers = manifest && readManifest(manifest.bytes)?.layers;
    if (layers === undefined) throw new PublishError(`${repository}@${digest} does not exist, or is not an image.`);
    const files = new Map<string, GoBuildInfo>();
    const unread: string[] = [];
    for (const layer of layers) {
      if (layer.size > largestLayer) {
        unread.push(layer.digest);
        continue;
      }
      const { paths, folders } = await layerOf(repository, layer.digest, layer.size);
      for (const path of [...files.keys()]) {
        if (folders.some((folder) => path === folder || path.startsWith(`${folder}/`) || folder === ''))
          files.delete(path);
      }
      for (const [path, info] of paths) {
        if (info === undefined) files.delete(path);
        else files.set(path, info);
      }
    }
    const binaries = [...files].map(([path, info]) => ({ path, info }));
    return { binaries: binaries.sort((a, b) => (a.path < b.path ? -1 : 1)), unread };
  };
}

async function readLayer(bytes: Uint8Array, name: string, most: typeof largest): Promise<LayerBinaries> {
  const paths = new Map<string, GoBuildInfo | undefined>();
  const folders: string[] = [];
  let [seen, entries] = [0, 0];
  try {
    await eachTarEntry(decompress(Readable.from(pieces(bytes)), bytes), async (header, content) => {
      const path = header.name.replace(/^\.?\/+/, '').replace(/\/$/, '');
      const [, folder = '', file = ''] = /^(?:(.*)\/)?([^/]*)$/s.exec(path) ?? [];
      seen += header.size;
      if (seen > most.content || ++entries > most.entries) throw new Error('it unpacks to more than is read');
      // https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts
      if (file === '.wh..wh..opq') folders.push(folder);
      else if (file.startsWith('.wh.')) folders.push([folder, file.slice(4)].filter((part) => part !== '').join('/'));
      else if (header.type === 'file') paths.set(path, await readGoBuildInfo(content));
      else if (header.type !== 'directory') paths.set(path, undefined);
    });
  } catch (cause) {
    throw new PublishError(`The layer ${name} can't be read.`, { cause });
  }
  return { paths, folders };
}

function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  const size = 2 ** 20;
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
