#!/usr/bin/env bash
# github.com/distribution/reference 0.6.0 (Docker, BuildKit) and github.com/google/go-containerregistry 0.21.7 (crane, ko, cosign), seen 2026-11-27
#
# The same image reference, two readings:
#   - `localhost/x`: Docker takes a repository of one letter, go-containerregistry refuses it (it wants two);
#   - `x-/app`: go-containerregistry takes a path part that ends in a dash, Docker refuses it;
#   - 64 hex digits: a repository for one, refused by the other, because they could be an image's id;
#   - `Alpine/git`: a capital letter makes the first part a registry's host for Docker, though it has neither dot nor port: it is looked for
#     at a host called Alpine and not on Docker Hub. go-containerregistry refuses it.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
mkdir "$dir/probe"
cd "$dir/probe"
export GOPATH=$dir/gopath GOCACHE=$dir/gocache
go mod init example.com/probe 2>/dev/null
go get github.com/distribution/reference@v0.6.0 github.com/google/go-containerregistry@v0.21.7 2>/dev/null
cat >main.go <<'GO'
package main

import (
	"fmt"
	"strings"

	"github.com/distribution/reference"
	"github.com/google/go-containerregistry/pkg/name"
)

func main() {
	for _, text := range []string{"localhost/x", "localhost/xy", "x-/app", strings.Repeat("0123456789abcdef", 4), "Alpine/git"} {
		docker, ggcr := "refused", "refused"
		if ref, err := reference.ParseNormalizedNamed(text); err == nil {
			docker = ref.String()
		}
		if ref, err := name.ParseReference(text); err == nil {
			ggcr = ref.Context().Name()
		}
		fmt.Printf("%.16s docker=%s ggcr=%.40s\n", text, docker, ggcr)
	}
}
GO
go run . | tee seen
cmp seen - <<'END'
localhost/x docker=localhost/x ggcr=refused
localhost/xy docker=localhost/xy ggcr=localhost/xy
x-/app docker=refused ggcr=index.docker.io/x-/app
0123456789abcdef docker=refused ggcr=index.docker.io/library/0123456789abcdef
Alpine/git docker=Alpine/git ggcr=refused
END
echo 'as seen'
