import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { pack, type Header, type Pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aheadMs, packLayer, type LayerRules } from '../../src/builder/cacheLayer';
import { digestOf } from '../../src/oci/digest';
import { eachTarEntry } from '../../src/system/tar';
import { tempDir, type TempDir } from '../support/engine';

let folder: TempDir;
beforeAll(async () => {
  folder = await tempDir();
});
afterAll(() => folder.remove());

const now = Date.parse('2026-11-28T00:00:00Z');
const then = new Date('2026-11-20T00:00:00Z');
async function bytesOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const never = new AbortController().signal;

type Entry = readonly [header: Parameters<Pack['entry']>[0], content?: string];

async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack();
  for (const [header, content = ''] of entries) tar.entry({ mtime: then, ...header }, content);
  tar.finalize();
  return await bytesOf(tar as AsyncIterable<Buffer>);
}

/** What the builder hands out: one file, of archives one after the other. */
async function exported(...archives: readonly (readonly Entry[])[]): Promise<Readable> {
  const all = Buffer.concat(await Promise.all(archives.map(tarOf)));
  const outer = pack();
  outer.entry({ name: 'files.tar' }, all);
  outer.finalize();
  return Readable.from(outer as AsyncIterable<Buffer>);
}

async function layerOf(
  source: Readable,
  rules: Partial<LayerRules['cache']> = {},
): Promise<readonly (Header & { readonly text: string })[]> {
  const file = join(folder.path, `layer-${performance.now()}`);
  const cache = { path: '/var/cache/any', owner: '0:0', ...rules };
  const layer = await packLayer(source, { cache, folder: '/cache', now }, file, never);
  if (layer === undefined) return [];
  const packed = await readFile(file);
  expect(layer).toMatchObject({ file, size: packed.length, digest: digestOf(packed) });
  const plain = createReadStream(file).pipe(createZstdDecompress());
  const bytes = await bytesOf(plain as AsyncIterable<Buffer>);
  expect(layer).toMatchObject({ unpacked: bytes.length, diffId: digestOf(bytes) });
  const entries: (Header & { text: string })[] = [];
  await eachTarEntry(Readable.from([bytes]), async (header, content) => {
    entries.push({ ...header, text: (await bytesOf(content)).toString() });
  });
  return entries;
}

describe('the layer of a cache folder', () => {
  it('holds the files of all archives, each folder once and before what is in it', async () => {
    const entries = await layerOf(
      await exported(
        [
          [{ name: './a/one', mode: 0o444, uid: 7, gid: 8 }, 'first'],
          [{ name: './a/b/two' }, 'x'.repeat(300_000)],
        ],
        [[{ name: './a/three' }, 'third']],
      ),
    );
    expect(entries.map(({ name, type }) => `${name.replace(/\/$/, '')} ${type}`)).toEqual([
      'cache directory',
      'cache/a directory',
      'cache/a/one file',
      'cache/a/b directory',
      'cache/a/b/two file',
      'cache/a/three file',
    ]);
    expect(entries[2]).toMatchObject({ mode: 0o444, uid: 7, gid: 8, mtime: then, text: 'first' });
    expect(entries[4]?.text).toHaveLength(300_000);
  });

  it('keeps links, and hard ones lead to where their file is now', async () => {
    const long = `./${'long/'.repeat(40)}name`;
    const entries = await layerOf(
      await exported([
        [{ name: long }, 'content'],
        [{ name: './hard', type: 'link', linkname: long }],
        [{ name: './soft', type: 'symlink', linkname: '../elsewhere' }],
      ]),
    );
    const of = (name: string): unknown => entries.find((entry) => entry.name === name);
    expect(of(`cache/${long.slice(2)}`)).toMatchObject({ text: 'content' });
    expect(of('cache/hard')).toMatchObject({ type: 'link', linkname: `cache/${long.slice(2)}` });
    expect(of('cache/soft')).toMatchObject({ type: 'symlink', linkname: '../elsewhere' });
  });

  it('has folders that the owner of the mount can write into', async () => {
    const entries = await layerOf(await exported([[{ name: './a/b' }, '']]), { owner: '1000:1001' });
    expect(entries.filter(({ type }) => type === 'directory')).toMatchObject([
      { name: 'cache', uid: 1000, gid: 1001, mode: 0o755 },
      { name: 'cache/a', uid: 1000, gid: 1001, mode: 0o755 },
    ]);
  });

  it('dates what Go compiled years ahead, what came from a seed as it was', async () => {
    const ahead = new Date(now + aheadMs);
    const seeded = new Date(now + aheadMs - 86_400_000);
    const go = await layerOf(
      await exported([
        [{ name: './aa/new' }, ''],
        [{ name: './aa/old', mtime: seeded }, ''],
      ]),
      {
        path: '/root/.cache/go-build',
      },
    );
    const dateOf = (name: string): Date | undefined => go.find((entry) => entry.name === name)?.mtime;
    expect(dateOf('cache/aa/new')).toEqual(ahead);
    expect(dateOf('cache/aa/old')).toEqual(seeded);
  });

  it('is none without files, and no layer of half an archive', async () => {
    expect(await layerOf(await exported([]))).toEqual([]);
    expect(await layerOf(await exported())).toEqual([]);
    expect(await layerOf(Readable.from([]))).toEqual([]);
    const whole = await bytesOf((await exported([[{ name: './a' }, 'x'.repeat(5000)]])) as AsyncIterable<Buffer>);
    await expect(layerOf(Readable.from([whole.subarray(0, 3000)]))).rejects.toThrow();
  });
});
