#!/usr/bin/env bash
# @docker/actions-toolkit 0.101.0 (npm; what reads the lists of docker/build-push-action and docker/bake-action), seen 2026-11-28
#
# Each line of a list is read as CSV, also where commas are to be left alone (`ignoreComma`, as for build arguments): a value between two
# commas that stands in quotes loses them, the first and the last keep theirs, and a space before the quote keeps them too. So a build argument
# FLAGS=["a","b"] arrives as it was written, FLAGS=["a","b","c"] as ["a",b,"c"], which is no JSON any more; {"a":1,"b":2} arrives, and
# {"a":[1,"b",2]} doesn't. A good engineer expects `ignoreComma` to give lines as they are, and tries it with two values.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 @docker/actions-toolkit@0.101.0 >/dev/null

cat >probe.mjs <<'JS'
import { Util } from '@docker/actions-toolkit/lib/util.js';

const expected = {
  'FLAGS=["a","b"]': 'FLAGS=["a","b"]',
  'FLAGS=["a","b","c"]': 'FLAGS=["a",b,"c"]',
  'FLAGS=["a", "b", "c"]': 'FLAGS=["a", "b", "c"]',
  'FLAGS={"a":1,"b":2}': 'FLAGS={"a":1,"b":2}',
  'FLAGS={"a":[1,"b",2]}': 'FLAGS={"a":[1,b,2]}',
};
let asSeen = true;
for (const [line, result] of Object.entries(expected)) {
  const list = Util.getList(line, { ignoreComma: true });
  console.log(line, '->', ...list);
  asSeen &&= list.length === 1 && list[0] === result;
}
console.log(asSeen ? 'as seen' : 'CHANGED');
process.exitCode = asSeen ? 0 : 1;
JS
node_modules/.bin/node probe.mjs
