#!/usr/bin/env bash
# go 1.26.8, seen 2026-11-28
#
# Since Go 1.24 a program holds a version of its own module that is made of the tags in the clone at hand. So one commit, one toolchain and the same
# flags, -trimpath among them, give one program in a full clone, another in one of depth 1, as actions/checkout makes it, and a third once
# the commit is tagged: the image that is built again for the release has another digest than the one that was tested. A file that git does not
# know, an SBOM or a test's report in the folder, makes a fourth. A good engineer expects the bytes to follow from the commit, as
# vcs.revision and vcs.time do. Give -buildvcs=false, or build of a clone that is always made the same way.
# Needs Go, and git. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export GOTOOLCHAIN=go1.26.8 CGO_ENABLED=0
commit() { GIT_AUTHOR_DATE=2026-01-01T00:00:00Z GIT_COMMITTER_DATE=2026-01-01T00:00:00Z git -c user.name=t -c user.email=t@example.test commit --quiet "$@"; }
git init --quiet --initial-branch=main origin
cd origin
printf 'module example.test/driver\n\ngo 1.24\n' >go.mod
printf 'package main\n\nfunc main() {}\n' >main.go
git add .
commit --message one
git tag v1.2.3
commit --message two --allow-empty
cd ..

build() { # of a clone: the version in the program, the revision, and the program's digest
  (cd "$1" && go build -buildvcs=true -trimpath "${@:2}" -o ../program .)
  go version -m program | awk '$1 == "mod" { version = $3 } $2 ~ /^vcs.revision=/ { revision = substr($2, 14, 7) } END { print version, "of", revision }'
  sha256sum program | cut -c-12 >>"$digests"
}
digests=$dir/by-commit
git clone --quiet "file://$dir/origin" full
git clone --quiet --depth 1 "file://$dir/origin" shallow
for clone in full shallow; do echo "$clone: $(build $clone)"; done | tee seen
git -C full tag v1.3.0
echo "full, tagged: $(build full)" | tee -a seen
echo '{}' >full/sbom.json
echo "full, tagged, with another file: $(build full)" | tee -a seen
echo "programs: $(sort -u by-commit | wc -l)" | tee -a seen
digests=$dir/without
for clone in full shallow; do build $clone -buildvcs=false >/dev/null; done
echo "programs, -buildvcs=false: $(sort -u without | wc -l)" | tee -a seen
cmp seen - <<'SEEN'
full: v1.2.4-0.20260101000000-2f9f1c10156f of 2f9f1c1
shallow: v0.0.0-20260101000000-2f9f1c10156f of 2f9f1c1
full, tagged: v1.3.0 of 2f9f1c1
full, tagged, with another file: v1.3.0+dirty of 2f9f1c1
programs: 4
programs, -buildvcs=false: 1
SEEN
echo 'as seen'
