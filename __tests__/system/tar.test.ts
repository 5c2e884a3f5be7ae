import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { eachTarEntry } from '../../src/system/tar';

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
