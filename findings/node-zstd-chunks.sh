#!/usr/bin/env bash
# Node.js 24.21.0 (node:zlib), seen 2026-11-28
#
# What createZstdCompress gives depends on how the data comes in: where end() is called while writes wait, it puts an empty frame of nine bytes behind
# the content. So one layer has two digests, made by the same program with the same settings: one where the tar is read in large pieces or
# from a slow source, the other where small pieces lie ready. Readers take both, so nothing fails, but a layer is pushed again, a rebuild does not
# reproduce, and a digest that was computed beside the stream names nothing. A good engineer expects what createGzip and createBrotliCompress do,
# one result for one content, and tests with a file, which gives the digest without that frame. Gather the data and call zstdCompressSync.
# Known to the project as nodejs/node#66078.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 >/dev/null

cat >probe.mjs <<'JS'
import { createHash } from 'node:crypto';
import { createReadStream, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';

const content = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `usr/lib/file-${(i * 7919) % 1009}\n`).join(''));
writeFileSync('layer.tar', content);
const pieces = (size) => Array.from({ length: Math.ceil(content.length / size) }, (_, i) => content.subarray(i * size, (i + 1) * size));
const sources = {
  'a file': () => createReadStream('layer.tar'),
  'one piece': () => Readable.from([content]),
  'pieces of 16 KiB': () => Readable.from(pieces(16_384)),
  'pieces of 4 KiB': () => Readable.from(pieces(4096)),
};
let asSeen = true;
for (const compressor of ['createGzip', 'createBrotliCompress', 'createZstdCompress']) {
  const digests = new Set();
  for (const [name, source] of Object.entries(sources)) {
    const output = [];
    await pipeline(source(), zlib[compressor](), async (compressed) => {
      for await (const chunk of compressed) output.push(chunk);
    });
    const layer = Buffer.concat(output);
    const digest = createHash('sha256').update(layer).digest('hex').slice(0, 12);
    digests.add(digest);
    console.log(`${compressor} of ${name}: ${layer.length} bytes, sha256:${digest}…`);
  }
  asSeen &&= digests.size > 1 === (compressor === 'createZstdCompress');
}
console.log(asSeen ? 'as seen' : 'CHANGED');
process.exitCode = asSeen ? 0 : 1;
JS
node_modules/.bin/node probe.mjs
