#!/usr/bin/env bash
# dockerfile-ast 0.7.1, seen 2026-11-27
#
# Copy.getFromFlag() gives the flag `--from` only where it is the only flag of the COPY: with `--chown` or `--chmod` beside it the answer is
# undefined, the same as for a COPY out of the build context. Who looks for the stages that an image needs overlooks every such COPY.
# getFlags() lists them all.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund dockerfile-ast@0.7.1

cat >probe.cjs <<'JS'
const { DockerfileParser } = require('dockerfile-ast');

const look = (line) => {
  const [copy] = DockerfileParser.parse(`FROM scratch AS build\nFROM scratch\n${line}\n`).getCOPYs();
  const found = [copy.getFromFlag()?.getValue(), copy.getFlags().map((flag) => `${flag.getName()}=${flag.getValue()}`).join(' ')];
  console.log(line, '\n  getFromFlag:', found[0], '  getFlags:', found[1]);
  return found;
};
const one = look('COPY --from=build /a /b');
const two = look('COPY --from=build --chown=1000:1000 /a /b');

const asSeen = one[0] === 'build' && two[0] == null && two[1] === 'from=build chown=1000:1000';
console.log(asSeen ? 'as seen' : 'CHANGED');
process.exitCode = asSeen ? 0 : 1;
JS
node probe.cjs
