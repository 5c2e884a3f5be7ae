import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Header } from 'tar-stream';
import { BuildError } from '../errors';
import { field, parseJson } from '../system/json';
import { decompress, eachTarEntry } from '../system/tar';

/** An image on disk, as `docker save` and BuildKit's docker exporter write it: its configuration and the files of its layers. */
export interface ImageArchive {
  readonly config: Uint8Array;
  /** Absolute, from the lowest on; compressed or not. */
  readonly layers: readonly string[];
}

/**
 * Unpacks an archive of one image into a folder that is made. Names within the archive lead nowhere else: each entry becomes a file called by
 * the digest of its name. https://github.com/moby/docker-image-spec/blob/main/spec.md#combined-image-json--filesystem-changeset-format
 * Throws BuildError where it is none.
 */
export async function readArchive(file: string, folder: string): Promise<ImageArchive> {
  await mkdir(folder, { mode: 0o700 });
  const placeOf = (name: string): string =>
    join(folder, createHash('sha256').update(name.replace(/^\.\//, '')).digest('hex'));
  const links = new Map<string, string>();
  await eachEntry(createReadStream(file), async (header, content) => {
    if (header.type === 'file') await pipeline(content, createWriteStream(placeOf(header.name)));
    // Older engines share layers so.
    else if (header.type === 'symlink' || header.type === 'link') links.set(header.name, header.linkname);
  });
  const listed = parseJson(await readFile(placeOf('manifest.json')).catch(() => ''));
  const image: unknown = Array.isArray(listed) && listed.length === 1 ? listed[0] : undefined;
  const [config, layers] = [field(image, 'Config'), field(image, 'Layers')];
  if (typeof config !== 'string' || !Array.isArray(layers))
    throw new BuildError('docker gave an archive that holds no image.');
  const names = layers.map((each) => {
    const name = String(each);
    const link = links.get(name);
    return link === undefined ? name : join(name, '..', link);
  });
  return { config: await readFile(placeOf(config)), layers: names.map(placeOf) };
}

/** What a layer says of one path. */
interface LayerEntry {
  readonly type: string;
  readonly mode: number;
  readonly owner: string;
  readonly size: number;
  readonly link: string;
  /** Extended attributes: capabilities, say. */
  readonly attributes: string;
  /** SHA-256 of a file's content. */
  readonly content: string;
  /** Seconds since the epoch. */
  readonly time: number;
}

/** The entries of a layer by path. BuildError where it is not a layer. */
export async function readLayer(file: string): Promise<ReadonlyMap<string, LayerEntry>> {
  const entries = new Map<string, LayerEntry>();
  await eachEntry(await decompressed(file), async (header, content) => {
    const hash = createHash('sha256');
    for await (const chunk of content) hash.update(chunk);
    const { type, mode, uid, gid, size, linkname, mtime } = header;
    entries.set(header.name.replace(/^\.?\//, ''), {
      type,
      mode,
      owner: `${uid}:${gid}`,
      size,
      link: linkname,
      attributes: attributesOf(header),
      content: type === 'file' ? hash.digest('hex') : '',
      time: Math.floor(mtime.getTime() / 1000),
    });
  });
  return entries;
}

/** A path that two layers say different things of. */
export interface PathDifference {
  readonly path: string;
  /** `only in the published image`, or the names of what differs. */
  readonly what: string;
}

/** What differs between two layers, by path; of files that are the same but for their times only `times`. */
export function compareLayers(
  published: ReadonlyMap<string, LayerEntry>,
  rebuilt: ReadonlyMap<string, LayerEntry>,
): readonly PathDifference[] {
  const paths = [...new Set([...published.keys(), ...rebuilt.keys()])].sort();
  return paths.flatMap((path) => {
    const [a, b] = [published.get(path), rebuilt.get(path)];
    if (b === undefined) return [{ path, what: 'only in the published image' }];
    if (a === undefined) return [{ path, what: 'only in the rebuilt image' }];
    const fields = ['type', 'mode', 'owner', 'size', 'link', 'attributes', 'content', 'time'] as const;
    const different = fields.filter((name) => a[name] !== b[name]);
    return different.length === 0 ? [] : [{ path, what: different.join(', ') }];
  });
}

/** https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_03 ; GNU tar's and Go's name for them. */
function attributesOf(header: Header): string {
  const pax = Object.entries(header.pax ?? {}).filter(([name]) => name.startsWith('SCHILY.xattr.'));
  return JSON.stringify(pax.sort());
}

async function decompressed(file: string): Promise<Readable> {
  const handle = await open(file);
  const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
  await handle.close();
  return decompress(createReadStream(file), buffer);
}

async function eachEntry(source: Readable, each: Parameters<typeof eachTarEntry>[1]): Promise<void> {
  await eachTarEntry(source, each).catch((cause: unknown) => {
    throw new BuildError('An image’s archive can’t be read.', { cause });
  });
}
