#!/usr/bin/env bash
# Node.js 24.21.0 (node:zlib), seen 2026-11-28
#
# zstd data may be several frames one after the other, and what they hold is joined (RFC 8878, section 3.1): layers in the form zstd:chunked
# hold a frame for each part of a file, and `zstd -T0 | cat` of two files makes such data too. node:zlib gives the first frame's content and
# then ends, without an error: zstdDecompressSync always, createZstdDecompress where more frames stand in the same chunk, so that the same
# layer is read whole or cut short by how the network divides it. A skippable frame in front, as pzstd writes one, leaves nothing at all. A good
# engineer expects what gunzipSync and createGunzip do with gzip's members: all of them, or an error.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 >/dev/null

cat >probe.mjs <<'JS'
import { Readable } from 'node:stream';
import { createZstdDecompress, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

const two = (compress) => [compress('one '), compress('two')];
const frames = two(zstdCompressSync);
// A skippable frame: its magic number, the length of what it holds, and that.
const skippable = Buffer.from('502a4d180400000000000000', 'hex');
const streamed = async (chunks) => (await Readable.from(chunks).pipe(createZstdDecompress()).toArray()).join('');

const seen = {
  'gunzipSync, two members': gunzipSync(Buffer.concat(two(gzipSync))).toString(),
  'zstdDecompressSync, two frames': zstdDecompressSync(Buffer.concat(frames)).toString(),
  'createZstdDecompress, two frames in one chunk': await streamed([Buffer.concat(frames)]),
  'createZstdDecompress, a frame a chunk': await streamed(frames),
  'createZstdDecompress, a skippable frame in front': await streamed([Buffer.concat([skippable, ...frames])]),
};
console.log(seen);
const asSeen = Object.values(seen).join('|') === 'one two|one |one |one two|';
console.log(asSeen ? 'as seen' : 'CHANGED');
process.exitCode = asSeen ? 0 : 1;
JS
node_modules/.bin/node probe.mjs
