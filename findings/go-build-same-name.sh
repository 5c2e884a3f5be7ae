#!/usr/bin/env bash
# go 1.26.8, seen 2026-11-28
#
# `go build -o bin/ ./...` and `go install ./...` of a module with two commands of the same name, driver/cmd/server and launcher/cmd/server,
# write one file for both, with exit status 0 and no word: whichever was linked last. Which one that is changes from run to run of
# the same command, as links run side by side, so an image's `COPY bin/server` gets the other program now and then. A good engineer expects
# an error, as `go build -o FILE` of two packages gives one, or the same answer each time. Give each command a line of its own with `-o FILE`.
# Needs Go. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export GOTOOLCHAIN=go1.26.8 GOFLAGS=
cat >go.mod <<'MOD'
module example.test/pipelines

go 1.24
MOD
for component in driver launcher; do
  mkdir -p $component/cmd/server
  printf 'package main\n\nimport "os"\n\nfunc main() { os.Stdout.WriteString("%s\\n") }\n' $component >$component/cmd/server/main.go
done

failed=0
expect() { [[ $2 == "$3" ]] && echo "$1: $2" || { echo "CHANGED, $1: $2, not $3" && failed=1; }; }
commands=$(go list -f '{{if eq .Name "main"}}{{.ImportPath}}{{end}}' ./... | wc -l)
expect 'commands' "$commands" 2
go build -o bin/ ./... && status=0 || status=$?
expect 'status of go build' "$status" 0
expect 'files of go build' "$(ls bin)" server
GOBIN=$dir/installed go install ./... && status=0 || status=$?
expect 'status of go install' "$status" 0
expect 'files of go install' "$(ls installed)" server
# Not part of the check: how often which of them, of the same command.
for _ in {1..12}; do
  rm -rf bin
  go build -o bin/ ./launcher/cmd/server ./driver/cmd/server
  bin/server
done | sort | uniq -c
exit "$failed"
