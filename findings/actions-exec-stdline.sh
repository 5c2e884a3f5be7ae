#!/usr/bin/env bash
# @actions/exec 3.0.0, seen 2026-11-27 (Node.js 20.20.2 and 24.21.0)
#
# The listener `stdline` is not given every line of a program's output:
#   - what stands behind the last line feed is never given to it, not even when the program has ended;
#   - each chunk is decoded by itself, so a character whose bytes arrive in two chunks becomes two replacement characters.
# getExecOutput, in the same package, gives both right. A program that parses `stdline` (a digest printed with printf, say) reads nothing,
# and no error is raised.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @actions/exec@3.0.0

cat >probe.mjs <<'JS'
import { exec, getExecOutput } from '@actions/exec';

const lines = async (tool, args) => {
  const seen = [];
  await exec(tool, args, { silent: true, listeners: { stdline: (line) => seen.push(line) } });
  return seen;
};
const twoChunks = [
  '-e',
  'process.stdout.write(Buffer.from([0xc3])); setTimeout(() => process.stdout.write(Buffer.from([0xa9, 0x0a])), 300)',
];

const last = await lines('printf', ['one\ntwo']);
const split = await lines(process.execPath, twoChunks);
const { stdout } = await getExecOutput(process.execPath, twoChunks, { silent: true });
console.log('printf "one\\ntwo":              ', JSON.stringify(last));
console.log('é in two chunks, stdline:       ', JSON.stringify(split));
console.log('é in two chunks, getExecOutput: ', JSON.stringify(stdout));

const asSeen =
  JSON.stringify(last) === '["one"]' && JSON.stringify(split) === '["\ufffd\ufffd"]' && stdout === '\u00e9\n';
console.log(asSeen ? 'as seen' : 'CHANGED');
process.exitCode = asSeen ? 0 : 1;
JS
node probe.mjs
