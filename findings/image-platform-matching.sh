#!/usr/bin/env bash
# github.com/containerd/platforms 1.0.0-rc.5 (containerd, BuildKit) and github.com/google/go-containerregistry 0.21.7 (crane, ko), seen 2026-11-28
#
# Which image of an index is for a platform? Two answers for the same index:
#   - asked for linux/arm64/v8, containerd takes linux/arm64, as most builders write it; go-containerregistry says that there is none;
#   - asked for linux/amd64, go-containerregistry takes linux/amd64/v3, if it stands before linux/amd64 in the index: programs that
#     older machines can't run. containerd never takes it for that;
#   - asked for linux/arm, containerd prefers v7, and go-containerregistry takes what comes first, which may be v5.
# A good engineer expects the variants to be compared as the image specification's table has them, by which v8 is what arm64 is.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
mkdir "$dir/probe"
cd "$dir/probe"
export GOPATH=$dir/gopath GOCACHE=$dir/gocache
go mod init example.com/probe 2>/dev/null
go get github.com/containerd/platforms@v1.0.0-rc.5 github.com/google/go-containerregistry@v0.21.7 2>/dev/null
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/containerd/platforms"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// As remote.Image does: the first that satisfies the request.
func first(asked string, have []string) string {
	platform, err := v1.ParsePlatform(asked)
	if err != nil {
		panic(err)
	}
	for _, each := range have {
		if offered, err := v1.ParsePlatform(each); err == nil && offered.Satisfies(*platform) {
			return each
		}
	}
	return "none"
}

// As containerd does: of those that match, the best.
func best(asked string, have []string) string {
	matcher := platforms.Only(platforms.MustParse(asked))
	found := "none"
	for _, each := range have {
		offered := platforms.MustParse(each)
		if matcher.Match(offered) && (found == "none" || matcher.Less(offered, platforms.MustParse(found))) {
			found = each
		}
	}
	return found
}

func main() {
	for _, line := range os.Args[1:] {
		words := strings.Fields(line)
		fmt.Printf("asked %s, have %s: containerd %s, go-containerregistry %s\n",
			words[0], strings.Join(words[1:], " "), best(words[0], words[1:]), first(words[0], words[1:]))
	}
}
GO
go run . 'linux/arm64/v8 linux/amd64 linux/arm64' 'linux/amd64 linux/amd64/v3 linux/amd64' 'linux/arm linux/arm/v5 linux/arm/v7' | tee seen
cmp seen - <<'SEEN'
asked linux/arm64/v8, have linux/amd64 linux/arm64: containerd linux/arm64, go-containerregistry none
asked linux/amd64, have linux/amd64/v3 linux/amd64: containerd linux/amd64, go-containerregistry linux/amd64/v3
asked linux/arm, have linux/arm/v5 linux/arm/v7: containerd linux/arm/v7, go-containerregistry linux/arm/v5
SEEN
echo 'as seen'
