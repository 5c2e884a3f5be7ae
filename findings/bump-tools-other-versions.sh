#!/usr/bin/env bash
# bump-my-version 1.8.1 and commitizen 4.19.3 (PyPI), seen 2026-11-28
#
# Both write a new version into the files that they are told of, and look for the old one as a text that may stand within another version: going
# from 2.0.0 to 2.1.0 in a values.yaml turns redis:12.0.0 into 12.1.0 and nginx:2.0.0-alpine into 2.1.0-alpine, images of others, which may not
# exist, or are another release. In a long file it is a line of a diff that a robot commits. commitizen's pattern behind the
# colon chooses lines, not what is replaced in them. A good engineer expects a version to be matched as a whole. Give bump-my-version a `search`
# and a `replace` with the image's name, and commitizen `values.yaml:registry.example/app`.
# Needs Python 3 with venv, and git. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check bump-my-version==1.8.1 commitizen==4.19.3

for tool in bump-my-version commitizen; do
  git init --quiet $tool
  cat >$tool/values.yaml <<'YAML'
app: {image: "registry.example/app:2.0.0"}
cache: {image: "registry.example/redis:12.0.0"}
web: {image: "registry.example/nginx:2.0.0-alpine"}
YAML
done
cat >bump-my-version/.bumpversion.toml <<'TOML'
[tool.bumpversion]
current_version = "2.0.0"
[[tool.bumpversion.files]]
filename = "values.yaml"
TOML
(cd bump-my-version && ../venv/bin/bump-my-version bump minor)
cat >commitizen/.cz.toml <<'TOML'
[tool.commitizen]
name = "cz_conventional_commits"
version = "2.0.0"
version_files = ["values.yaml:image"]
TOML
git -C commitizen add .
git -C commitizen -c user.name=tester -c user.email=tester@example.test commit --quiet --message 'feat: first'
(cd commitizen && ../venv/bin/cz bump --increment MINOR --files-only --yes >/dev/null)
for tool in bump-my-version commitizen; do
  echo "$tool:"
  cat $tool/values.yaml
done | tee seen
cmp seen - <<'SEEN'
bump-my-version:
app: {image: "registry.example/app:2.1.0"}
cache: {image: "registry.example/redis:12.1.0"}
web: {image: "registry.example/nginx:2.1.0-alpine"}
commitizen:
app: {image: "registry.example/app:2.1.0"}
cache: {image: "registry.example/redis:12.1.0"}
web: {image: "registry.example/nginx:2.1.0-alpine"}
SEEN
echo 'as seen'
