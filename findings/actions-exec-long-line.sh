#!/bin/sh
# @actions/exec 3.0.0, seen 2026-11-28 (Node.js 24.21.0): a child's output without a line break costs time by the square of its length, also
# where no `stdline` listener is given and `silent` is set: with each piece all that is there of the line is joined and looked through again.
# Twice the output, four times the time; 64 MiB keep the event loop busy for some ten seconds. The same number of bytes in lines is read at once.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @actions/exec@3.0.0 >/dev/null

cat >long.mjs <<'END'
import { exec } from '@actions/exec';
const seconds = async (mebibytes, filter) => {
  const before = process.cpuUsage();
  await exec('sh', ['-c', `head -c ${mebibytes * 2 ** 20} /dev/zero | tr '\\0' ${filter}`], { silent: true });
  return process.cpuUsage(before).user / 1e6;
};
await seconds(1, 'x');
const [folded, one, two] = [await seconds(16, 'x | fold -w 1000'), await seconds(8, 'x'), await seconds(16, 'x')];
console.log({ 'lines of 1000, 16 MiB': folded, 'one line, 8 MiB': one, 'one line, 16 MiB': two });
process.exit(two > 2.5 * one && two > 3 * folded ? 0 : 1);
END
node long.mjs
