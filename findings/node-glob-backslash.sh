#!/usr/bin/env bash
# Node.js 24.21.0 (fs.globSync, path.matchesGlob), minimatch 11.0.9 and fast-glob 3.3.3 (npm) to compare, seen 2026-11-28
#
# A backslash escapes nothing in a pattern for node:fs or node:path, on Linux either: it is taken for a slash, as on Windows. So what escapes a
# folder's name for all other globs, `app/\[id\]/*.ts` as bash, git and minimatch read it and fast-glob's escapePath writes it, finds no file, and
# an `exclude` of such patterns excludes none. No error, and path.posix.matchesGlob does the same. A good engineer moves from a package to the
# built-in glob and expects its patterns to stay what they were. `app/[[]id]/*.ts` is read alike by all.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 minimatch@11.0.9 fast-glob@3.3.3 >/dev/null
mkdir -p 'app/[id]'
touch 'app/[id]/page.ts'

cat >probe.mjs <<'JS'
import { globSync } from 'node:fs';
import { matchesGlob, posix } from 'node:path';
import glob from 'fast-glob';
import { minimatch } from 'minimatch';

const file = 'app/[id]/page.ts';
for (const pattern of [`${glob.escapePath('app/[id]')}/*.ts`, 'app/[[]id]/*.ts'])
  console.log(
    `${pattern}: fs.globSync ${globSync(pattern).length}, matchesGlob ${matchesGlob(file, pattern)}, posix ${posix.matchesGlob(file, pattern)};`,
    `minimatch ${minimatch(file, pattern)}, fast-glob ${glob.sync(pattern).length}, excluded ${globSync('app/**/*.ts', { exclude: [pattern] }).length === 0}`,
  );
JS
{
  node_modules/.bin/node --no-warnings probe.mjs
  echo "bash: $(compgen -G 'app/\[id\]/*.ts' | wc -l)"
} | tee seen
cmp seen - <<'END'
app/\[id\]/*.ts: fs.globSync 0, matchesGlob false, posix false; minimatch true, fast-glob 1, excluded false
app/[[]id]/*.ts: fs.globSync 1, matchesGlob true, posix true; minimatch true, fast-glob 1, excluded true
bash: 1
END
echo 'as seen'
