import { Readable } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { goBinaryReader } from '../../src/publish/attest/goBinaries';
import { goBinary } from '../support/goBinary';
import { memoryRegistry, Storage } from '../support/memoryRegistry';

const repository = 'registry.example/driver';
const ociType = 'application/vnd.oci.image';

async function tarOf(files: Readonly<Record<string, Buffer>>): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content);
  tar.finalize();
  return Buffer.concat(await Readable.from(tar).toArray());
}

/** An image with one layer, and what reads it. */
async function imageOf(layer: Buffer, ...limits: readonly [{ content: number; entries: number }] | []) {
  const registry = memoryRegistry(new Storage());
  const config = await registry.putBlob(repository, `${ociType}.config.v1+json`, Buffer.from('{}'));
  const layers = [await registry.putBlob(repository, `${ociType}.layer.v1.tar`, layer)];
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, config, layers }));
  const { digest } = await registry.putManifest(repository, 'one', `${ociType}.manifest.v1+json`, manifest);
  return () => goBinaryReader(registry, ...limits)(repository, digest);
}

test('a binary in a later frame of a zstd layer is found', async () => {
  const binary = goBinary('go1.24.1', 'path\texample.com/driver\nmod\texample.com/driver\tv1.2.3\t\n');
  const tar = await tarOf({ 'etc/first': Buffer.alloc(3000, 'a'), 'bin/driver': binary });
  const frames = [tar.subarray(0, 1000), tar.subarray(1000, 2500), tar.subarray(2500)].map((part) =>
    zstdCompressSync(part),
  );
  const { binaries } = await (await imageOf(Buffer.concat(frames)))();
  expect(binaries.map(({ path }) => path)).toEqual(['bin/driver']);
});

test.each([
  ['entries', { content: 1e6, entries: 19 }, false],
  ['entries, at the limit', { content: 1e6, entries: 20 }, true],
  ['bytes', { content: 199, entries: 100 }, false],
  ['bytes, at the limit', { content: 200, entries: 100 }, true],
])('a layer that unpacks to too many %s is given up', async (_, limits, isRead) => {
  const files = Object.fromEntries(Array.from({ length: 20 }, (__, index) => [`file-${index}`, Buffer.alloc(10)]));
  const read = await imageOf(gzipSync(await tarOf(files)), limits);
  if (isRead) expect((await read()).binaries).toEqual([]);
  else await expect(read()).rejects.toThrow(/The layer .* can't be read/);
});
