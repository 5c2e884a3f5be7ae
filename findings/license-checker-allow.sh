#!/usr/bin/env bash
# license-checker-rseidelsohn 5.0.1 (npm, the one of the license-checkers that is still maintained), seen 2026-11-28
#
# `--onlyAllow` passes a licence that has an allowed one's name somewhere in it: with GPL-3.0-only allowed AGPL-3.0-only passes, with MIT allowed
# "MIT AND CC-BY-NC-4.0", both of which apply, and MITNFA, another licence. `--failOn` is the other way about, it wants the whole text: GPL-3.0-only
# does not stop "MIT AND GPL-3.0-only". So a job before a release says that an image's licences are in order, with exit status 0, in the cases
# that it is there for. A good engineer expects licences to be compared as SPDX expressions, or as whole texts by both, and tries them with plain
# ones. Take the list as JSON and ask spdx-satisfies.
# Needs npm. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir tool
npm init --yes --prefix tool >/dev/null
npm install --silent --no-audit --no-fund --prefix tool license-checker-rseidelsohn@5.0.1 >/dev/null

# A project with one dependency of such a licence; says whether the check lets it pass.
check() {
  rm -rf project
  mkdir -p project/node_modules/library
  echo '{"name": "project", "version": "1.0.0", "license": "MIT", "private": true, "dependencies": {"library": "1.0.0"}}' >project/package.json
  echo "{\"name\": \"library\", \"version\": \"1.0.0\", \"license\": \"$1\"}" >project/node_modules/library/package.json
  node tool/node_modules/license-checker-rseidelsohn/bin/license-checker-rseidelsohn --start project --excludePrivatePackages "${@:2}" >out 2>&1 &&
    echo "$1, ${*:2}: passes" || echo "$1, ${*:2}: does not pass"
}
{
  check MIT --onlyAllow MIT
  check ISC --onlyAllow MIT
  check AGPL-3.0-only --onlyAllow GPL-3.0-only
  check 'MIT AND CC-BY-NC-4.0' --onlyAllow MIT
  check MITNFA --onlyAllow MIT
  check GPL-3.0-only --failOn GPL-3.0-only
  check 'MIT AND GPL-3.0-only' --failOn GPL-3.0-only
} | tee seen
cmp seen - <<'SEEN'
MIT, --onlyAllow MIT: passes
ISC, --onlyAllow MIT: does not pass
AGPL-3.0-only, --onlyAllow GPL-3.0-only: passes
MIT AND CC-BY-NC-4.0, --onlyAllow MIT: passes
MITNFA, --onlyAllow MIT: passes
GPL-3.0-only, --failOn GPL-3.0-only: does not pass
MIT AND GPL-3.0-only, --failOn GPL-3.0-only: passes
SEEN
echo 'as seen'
