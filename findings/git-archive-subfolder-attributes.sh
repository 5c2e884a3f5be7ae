#!/usr/bin/env bash
# git 2.39.5 (Debian 12), seen 2026-11-28
#
# `git archive HEAD` within a folder archives that folder, as `git archive HEAD driver` above it does, but knows nothing of the .gitattributes of the
# folders above: files with export-ignore are in it, and what export-subst is to fill in stays $Format:%s$. HEAD:driver is the same. No word, and
# `git check-attr` in that very folder says that the attribute is set. So a build context made by `cd driver && git archive HEAD | docker build -`
# takes along what was to stay out, keys for tests and fixtures, and has a version file without a version. A good engineer expects the attributes
# to be the repository's, as for other commands in a folder. Stay above and name the folder, or give --worktree-attributes, which reads the
# files of the working tree.
# Needs git. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
git init --quiet --initial-branch=main repository
cd repository
mkdir driver
printf '*.key export-ignore\nversion.txt export-subst\n' >.gitattributes
echo key >driver/test.key
echo 'package main' >driver/main.go
echo '$Format:%s$' >driver/version.txt
git add .
git -c user.name=tester -c user.email=tester@example.test commit --quiet --message 'release 1.2.3'

describe() { # what an archive holds, and its version
  git archive "$@" >"$dir"/context.tar
  echo "$(tar --list --file "$dir"/context.tar | grep -v /$ | paste -sd' '); version: $(tar --extract --to-stdout --wildcards --file "$dir"/context.tar '*version.txt')"
}
{
  echo "above, HEAD driver: $(describe HEAD driver)"
  echo "above, HEAD:driver: $(describe HEAD:driver)"
  cd driver
  git check-attr export-ignore test.key
  echo "within, HEAD: $(describe HEAD)"
  echo "within, --worktree-attributes HEAD: $(describe --worktree-attributes HEAD)"
} | tee "$dir"/seen
cmp "$dir"/seen - <<'SEEN'
above, HEAD driver: driver/main.go driver/version.txt; version: release 1.2.3
above, HEAD:driver: main.go test.key version.txt; version: $Format:%s$
test.key: export-ignore: set
within, HEAD: main.go test.key version.txt; version: $Format:%s$
within, --worktree-attributes HEAD: main.go version.txt; version: release 1.2.3
SEEN
echo 'as seen'
