#!/usr/bin/env bash
# fflate 0.8.3, pako 3.0.3 (npm) and DecompressionStream of Node.js 24.21.0, seen 2026-11-28
#
# A gzip file may be several members one after the other (RFC 1952, section 2.2); a layer in the form eStargz has one for each file or part of
# one, so that parts can be fetched alone. Of such a layer fflate's gunzipSync and decompressSync give a beginning without an error: as many
# bytes as the last member's length says. DecompressionStream('gzip') refuses it as junk, while zlib in the same Node.js, and pako, read it all.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund fflate@0.8.3 pako@3.0.3 node@24.21.0 >/dev/null

cat >probe.mjs <<'JS'
import { gunzipSync, gzipSync } from 'node:zlib';
import { decompressSync, gunzipSync as fflate } from 'fflate';
import { ungzip } from 'pako';

const members = Buffer.concat([gzipSync('the first member, '), gzipSync('the last')]);
const web = async () => {
  const stream = new Blob([members]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
};
const seen = {};
for (const [name, read] of Object.entries({
  'node:zlib': () => gunzipSync(members),
  pako: () => ungzip(members),
  'fflate, gunzipSync': () => fflate(members),
  'fflate, decompressSync': () => decompressSync(members),
  DecompressionStream: web,
}))
  seen[name] = await (async () => Buffer.from(await read()).toString())().catch((error) => `refused: ${error.message}`);
console.log(seen);
const [zlib, pako, sync, any, stream] = Object.values(seen);
const whole = 'the first member, the last';
const asSeen = zlib === whole && pako === whole && sync === 'the firs' && any === 'the firs' && stream.startsWith('refused: ');
console.log(asSeen ? 'as seen' : 'CHANGED');
process.exitCode = asSeen ? 0 : 1;
JS
node_modules/.bin/node probe.mjs
