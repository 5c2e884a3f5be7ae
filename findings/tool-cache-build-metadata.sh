#!/usr/bin/env bash
# @actions/tool-cache 4.0.0 (npm, Node.js 24.21.0), seen 2026-11-28
#
# What stands behind a version's plus sign is no part of the place in the tool cache, nor of what is looked for: `find('torch', '2.9.0+cu126')`
# gives what was cached as 2.9.0+cpu, and caching the one deletes the other. Two builds of a tool, a JDK of vendors' patch levels (21.0.5+11) or
# a nightly (0.16.0-dev.254+6dd0270a1) so are one folder on a runner that is kept. A version that is none to semver (`1.26`, `2026.01.05`)
# is cached as it is written and never found again: each run downloads it. A good engineer expects find to give what was cached by that
# name, or nothing. Make the plus a dash, as actions/setup-java does, and a version three numbers, before both calls.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 @actions/tool-cache@4.0.0 >/dev/null

cat >probe.mjs <<'JS'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
process.env.RUNNER_TOOL_CACHE = `${process.cwd()}/cache`;
process.env.RUNNER_TEMP = `${process.cwd()}/temp`;
const { cacheDir, find } = await import('@actions/tool-cache');
mkdirSync('tool');
const cache = (version) => {
  writeFileSync('tool/build', version);
  return cacheDir('tool', 'torch', version);
};
const found = (version) => {
  const folder = find('torch', version);
  return `find ${version}: ${existsSync(`${folder}/build`) ? readFileSync(`${folder}/build`, 'utf8') : 'nothing'}`;
};
await cache('2.9.0+cpu');
console.log(found('2.9.0+cu126'));
await cache('2.9.0+cu126');
console.log(found('2.9.0+cpu'));
for (const version of ['1.26', '2026.01.05', '1.26.0']) {
  await cache(version);
  console.log(found(version));
}
JS
node_modules/.bin/node probe.mjs | grep -v '^::debug::' | tee seen
cmp seen - <<'END'
find 2.9.0+cu126: 2.9.0+cpu
find 2.9.0+cpu: 2.9.0+cu126
find 1.26: nothing
find 2026.01.05: nothing
find 1.26.0: 1.26.0
END
echo 'as seen'
