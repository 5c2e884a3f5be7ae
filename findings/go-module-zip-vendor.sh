#!/usr/bin/env bash
# go 1.26.8, seen 2026-11-28
#
# A module, as it is got by its version, has no file that lies below a folder of a folder called `vendor`, at whatever depth: static/vendor/
# jquery/jquery.js of a website's files is taken for a vendored package. `//go:embed static` finds it in a checkout, and there `go build` puts it
# into the program; after `go get MODULE@VERSION` the same line embeds the rest, without an error. Where go.mod says a Go older than 1.24,
# even static/vendor/jquery.js is left out, by an offset that is kept wrong so that checksums stay. So `go install MODULE@VERSION` and
# `go build` of that version's checkout give two programs, and tests in the checkout don't show it.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
export GOPATH=$dir/gopath GOCACHE=$dir/gocache GOPRIVATE='*' GOFLAGS=-mod=mod GOTOOLCHAIN=local GIT_CONFIG_GLOBAL=$dir/gitconfig
go version
git config --global url."file://$dir/site".insteadOf https://example.test/site
git config --global user.name finding && git config --global user.email finding@example.test
mkdir -p site/static/vendor/jquery
cd site
git init --quiet
printf 'package site\n\nimport "embed"\n\n//go:embed static\nvar Files embed.FS\n' >site.go
for file in app.js vendor/one.js vendor/jquery/two.js; do echo "$file" >"static/$file"; done

files() { go list -f '{{join .EmbedFiles " "}}' "$1"; }
for version in 1.23 1.24; do
  printf 'module example.test/site.git\n\ngo %s\n' "$version" >go.mod
  git add . && git commit --quiet -m "$version"
  git tag "v0.${version#1.}.0"
  mkdir "$dir/user$version" && cd "$dir/user$version"
  printf 'module example.test/user\n\ngo %s\n' "$version" >go.mod
  go get "example.test/site.git@v0.${version#1.}.0" 2>/dev/null
  echo "go $version, checkout: $(cd "$dir/site" && files .)"
  echo "go $version, module:   $(files example.test/site.git)"
  cd "$dir/site"
done | tee "$dir/seen"
cmp "$dir/seen" - <<'END'
go 1.23, checkout: static/app.js static/vendor/jquery/two.js static/vendor/one.js
go 1.23, module:   static/app.js
go 1.24, checkout: static/app.js static/vendor/jquery/two.js static/vendor/one.js
go 1.24, module:   static/app.js static/vendor/one.js
END
echo 'as seen'
