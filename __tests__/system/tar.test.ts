import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { decompress, eachTarEntry } from '../../src/system/tar';
import { atFrames } from '../../src/system/zstdFrames';

test.each([
  ['not looked at', 0],
  ['left after its first chunk', 1],
  ['read to its end', Infinity],
])('an entry that is %s is followed by the next', async (_, most) => {
  const tar = pack();
  for (const name of ['large', 'larger', 'last']) tar.entry({ name }, Buffer.alloc(3_000_000, name));
  tar.finalize();
  const whole = Buffer.concat(await Readable.from(tar).toArray());
  const seen: string[] = [];
  // In pieces, as it comes out of gzip.
  const pieces = Array.from({ length: Math.ceil(whole.length / 16_384) }, (_piece, at) =>
    whole.subarray(at * 16_384, (at + 1) * 16_384),
  );
  await eachTarEntry(Readable.from(pieces), async ({ name }, content) => {
    seen.push(name);
    let chunks = 0;
    if (most > 0) for await (const chunk of content) if ((chunks += chunk.length > 0 ? 1 : 0) >= most) break;
  });
  expect(seen).toEqual(['large', 'larger', 'last']);
});

/** In chunks of so many bytes. */
const divided = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_chunk, at) => bytes.subarray(at * size, (at + 1) * size));

const read = async (bytes: Uint8Array, size = bytes.length): Promise<Buffer> =>
  Buffer.concat(await decompress(Readable.from(divided(bytes, size)), bytes).toArray());

/** Blocks of each kind: as they are, one byte repeated, compressed; long and short. */
const contents = [
  randomBytes(300_000),
  Buffer.alloc(400_000, 'a'),
  Buffer.from('a line of text\n'.repeat(5000)),
  Buffer.alloc(0),
  Buffer.from('x'),
];
const skippable = Buffer.from('5a2a4d180500000068656c6c6f', 'hex');
const frames = contents.flatMap((each) => [
  zstdCompressSync(each),
  skippable,
  zstdCompressSync(each, { params: { [constants.ZSTD_c_checksumFlag]: 1, [constants.ZSTD_c_contentSizeFlag]: 0 } }),
]);

// A layer in the form zstd:chunked is many frames, and a skippable one at its end.
test.each([1000, 65_536, 10_000_000])('all frames of zstd are read, in chunks of %i', async (size) => {
  const whole = Buffer.concat(contents.flatMap((each) => [each, each]));
  expect((await read(Buffer.concat(frames), size)).equals(whole)).toBe(true);
  expect((await read(Buffer.concat([skippable, ...frames]), size)).equals(whole)).toBe(true);
});

// Without the random ones: they do not compress, and a chunk of one byte takes its time.
test.each([1, 2, 3, 7, 100_000])('chunks of %i end where frames end', async (size) => {
  const few = frames.slice(3);
  const seen = (await Readable.from(
    atFrames(Readable.from(divided(Buffer.concat(few), size))),
  ).toArray()) as Uint8Array[];
  expect(Buffer.concat(seen).equals(Buffer.concat(few))).toBe(true);
  const ends = new Set<number>();
  let at = 0;
  for (const chunk of seen) ends.add((at += chunk.length));
  at = 0;
  for (const frame of few) expect(ends).toContain((at += frame.length));
});

test('all members of gzip are read', async () => {
  const members = Buffer.concat([gzipSync('one '), gzipSync('two')]);
  expect((await read(members)).toString()).toBe('one two');
});

test.each([
  ['gzip that ends early', gzipSync(randomBytes(1000)).subarray(0, 500)],
  [
    'zstd that ends early',
    Buffer.concat([zstdCompressSync('one'), zstdCompressSync(randomBytes(1000)).subarray(0, 500)]),
  ],
  ['zstd with something else behind it', Buffer.concat([zstdCompressSync('one'), Buffer.from('something else')])],
])('%s is an error', async (_, bytes) => {
  await expect(read(bytes)).rejects.toThrow();
});

test.each([
  ['gzip', gzipSync('x')],
  ['zstd', zstdCompressSync('x')],
])('an error of the source is that of its %s', async (_, bytes) => {
  const source = new Readable({ read: () => undefined });
  source.push(bytes.subarray(0, 6));
  const result = decompress(source, bytes).toArray();
  source.destroy(new Error('the connection is lost'));
  await expect(result).rejects.toThrow('the connection is lost');
});
