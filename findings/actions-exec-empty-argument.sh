#!/usr/bin/env bash
# @actions/exec 3.0.0 (npm, Node.js 24.21.0), seen 2026-11-28
#
# An empty argument of a command line is not handed on: `exec('docker run --entrypoint "" image sh')`, which is how Docker is told to forget an
# image's entrypoint, becomes `docker run --entrypoint image sh`, that is the program "image" in the image "sh". So it is with `--cache-from ""`
# and with whatever is filled in from an input that is empty: every argument behind it moves up by one. Of the last argument a space at its end
# is cut off too, also within quotes. A good engineer expects quotes to do what they do in a shell, as "a b" is one argument here as well.
# Hand the arguments over as an array, the second parameter, which is left as it is.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 @actions/exec@3.0.0 >/dev/null

echo 'console.log(JSON.stringify(process.argv.slice(2)))' >show.js
cat >probe.mjs <<'JS'
import { getExecOutput } from '@actions/exec';

const cases = [
  ['node show.js run --entrypoint "" image sh', undefined, ['run', '--entrypoint', 'image', 'sh']],
  ['node', ['show.js', 'run', '--entrypoint', '', 'image', 'sh'], ['run', '--entrypoint', '', 'image', 'sh']],
  ['node show.js build --build-arg "PREFIX=a b " .', undefined, ['build', '--build-arg', 'PREFIX=a b ', '.']],
  ['node show.js build . --build-arg "PREFIX=a b "', undefined, ['build', '.', '--build-arg', 'PREFIX=a b']],
];
let asSeen = true;
for (const [line, args, expected] of cases) {
  const { stdout } = await getExecOutput(line, args, { silent: true });
  console.log(line, args ?? '', '->', stdout.trim());
  asSeen &&= stdout.trim() === JSON.stringify(expected);
}
console.log(asSeen ? 'as seen' : 'CHANGED');
process.exitCode = asSeen ? 0 : 1;
JS
PATH="$dir/node_modules/.bin:$PATH" node probe.mjs
