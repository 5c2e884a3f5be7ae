#!/usr/bin/env bash
# BuildKit 0.34.2 (Go module github.com/moby/buildkit), seen 2026-11-28
#
# `id` of a cache mount is no part of what a step is known by. A second step that differs in nothing but the id of its cache is "CACHED": it does
# not run, and the cache of its own stays empty, for the next build that relies on it. So an id made of a branch's or a project's name gives
# nobody else's files away, but does not fill a cache for each of them either.
# Needs Go, runc, and root. Exit 0: as described; 1: behaves otherwise now. Compiles for some minutes.
set -euo pipefail
dir=$(mktemp -d)
trap '[ -z "${daemon:-}" ] || { kill "$daemon" && wait "$daemon" || true; }; rm -rf "$dir"' EXIT
cd "$dir"
mkdir modules bin context
cd modules
printf 'module finding\n' >go.mod
source=$(go mod download -json github.com/moby/buildkit@v0.34.2 | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
cp -r "$source" ../source
cd ../source
chmod -R u+w .
GOFLAGS='-mod=mod -buildvcs=false' CGO_ENABLED=0 go build -o "$dir/bin/" ./cmd/buildkitd ./cmd/buildctl

cd "$dir/context"
printf 'module step\n' >go.mod
cat >step.go <<'GO'
package main

import (
	"fmt"
	"os"
)

// fill: one more file in the cache; list: how many it holds.
func main() {
	if os.Args[1] == "fill" {
		file, err := os.CreateTemp("/cache", "file")
		if err != nil {
			panic(err)
		}
		file.Close()
	}
	files, _ := os.ReadDir("/cache")
	fmt.Printf("%s: %d files\n", os.Args[2], len(files))
}
GO
CGO_ENABLED=0 go build -o step .
ln -s "$(command -v runc)" "$dir/bin/buildkit-runc"
PATH=$dir/bin:$PATH buildkitd --root "$dir/state" --addr "unix://$dir/socket" --oci-worker-net host --oci-worker-snapshotter native \
  --containerd-worker=false --otel-socket-path "$dir/otel" 2>"$dir/log" &
daemon=$!
until grep -q 'running server on' "$dir/log"; do kill -0 "$daemon" && sleep 0.2; done

build() { # ID WHAT SAYING
  printf 'FROM scratch\nCOPY step /\nRUN --mount=type=cache,id=%s,target=/cache ["/step", "%s", "%s"]\n' "$@" >Dockerfile
  "$dir/bin/buildctl" --addr "unix://$dir/socket" build --frontend dockerfile.v0 --local context=. --local dockerfile=. --progress plain 2>&1
}
first=$(build one fill filled)
second=$(build two fill filled)
third=$(build two list second)
printf '%s\n' "$first" "$second" "$third" | grep -E ' files$|CACHED|\] RUN' | sort -u

failed=0
expect() { grep -qE "$2" <<<"$1" || { echo "CHANGED: no $2" && failed=1; }; }
expect "$first" 'filled: 1 files'
expect "$second" 'CACHED'
grep -q 'filled: ' <<<"$second" && echo 'CHANGED: the second step ran' && failed=1
expect "$third" 'second: 0 files'
exit "$failed"
