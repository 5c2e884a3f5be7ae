#!/usr/bin/env bash
# git 2.39.5 (Debian 12), seen 2026-11-28
#
# `git describe --tags`, by which many builds find their version, gives an annotated tag where a commit has such a one and a lightweight one, though
# --tags is there to count both: a release candidate that was tagged by hand (`git tag --annotate v1.3.0-rc.1`) and then released in a web
# interface, which makes a lightweight v1.3.0 on the same commit, is built as v1.3.0-rc.1, and the next commits are v1.3.0-rc.1-1-g…, below the release.
# With two annotated tags the later made one wins, so that a `v1` which is moved to each release takes the place of v1.3.0; where both are
# lightweight, as in a quick try, it is v1.3.0. A good engineer expects the highest version, or an error where two fit. Ask
# `git tag --points-at` and sort by version, or leave candidates out by --exclude '*-*'.
# Needs git. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
at() { GIT_AUTHOR_DATE=2026-01-0$1T00:00:00Z GIT_COMMITTER_DATE=2026-01-0$1T00:00:00Z git -c user.name=t -c user.email=t@example.test "${@:2}"; }
git init --quiet --initial-branch=main repository
cd repository
at 1 commit --quiet --allow-empty --message one
describe() { echo "$1: $(git describe --tags)"; }
{
  at 2 tag --annotate --message candidate v1.3.0-rc.1
  git tag v1.3.0
  describe 'candidate annotated, release lightweight'
  git tag --delete v1.3.0-rc.1 >/dev/null
  git tag v1.3.0-rc.1
  describe 'both lightweight'
  git tag --delete v1.3.0 v1.3.0-rc.1 >/dev/null
  at 2 tag --annotate --message release v1.3.0
  at 3 tag --annotate --message moved v1
  describe 'release annotated, then v1 annotated'
  git tag --delete v1 v1.3.0 >/dev/null
  at 2 tag --annotate --message candidate v1.3.0-rc.1
  git tag v1.3.0
  echo "--exclude '*-*': $(git describe --tags --exclude '*-*')"
  at 4 commit --quiet --allow-empty --message two
  describe 'one commit later, candidate annotated' | sed 's/-g[0-9a-f]*$/-g…/'
} | tee ../seen
cmp ../seen - <<'SEEN'
candidate annotated, release lightweight: v1.3.0-rc.1
both lightweight: v1.3.0
release annotated, then v1 annotated: v1
--exclude '*-*': v1.3.0
one commit later, candidate annotated: v1.3.0-rc.1-1-g…
SEEN
echo 'as seen'
