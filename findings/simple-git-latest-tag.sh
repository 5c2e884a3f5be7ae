#!/usr/bin/env bash
# simple-git 4.0.2 (npm, Node.js 24.21.0), seen 2026-11-28
#
# `tags().latest` is the release candidate where both it and its release are there: of v1.9.0, v1.10.0-rc.1 and v1.10.0 it is v1.10.0-rc.1, for
# tags are sorted here by their numbers, and what is longer comes last. The order that is right for 1.9 and 1.10 makes it look like semver's, where
# a prerelease comes before its release. A script that makes the next version, a changelog or an image's tag of it starts from the wrong commit
# until the next release is there. Sort `tags().all` with semver, or ask git with versionsort.suffix=-.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 simple-git@4.0.2 semver@7.8.6 >/dev/null
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=$dir/gitconfig
git init --quiet repository
for tag in v1.9.0 v1.10.0-rc.1 v1.10.0; do
  git -C repository -c user.name=finding -c user.email=finding@example.test commit --quiet --allow-empty -m "$tag"
  git -C repository tag "$tag"
done
cat >probe.mjs <<'JS'
import { rsort } from 'semver';
import { simpleGit } from 'simple-git';
const { all, latest } = await simpleGit('repository').tags();
console.log(`simple-git: ${latest}\nsemver:     ${rsort([...all])[0]}`);
JS
{
  node_modules/.bin/node probe.mjs
  echo "git:        $(git -C repository -c versionsort.suffix=- tag --sort=-version:refname | head -n 1)"
} | tee seen
cmp seen - <<'END'
simple-git: v1.10.0-rc.1
semver:     v1.10.0
git:        v1.10.0
END
echo 'as seen'
