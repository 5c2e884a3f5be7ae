#!/usr/bin/env bash
# github.com/google/go-containerregistry 0.22.1 (mutate.Rebase, and so `crane rebase`), seen 2026-11-28
#
# The history of an image is optional, and may be shorter than its layers: builders that are no Dockerfile's leave it out, and tools that add
# a layer don't always add to it. Of such an image the rebase loses the first layer above the base, without an error: the application's own,
# while the ones on top of it stay. A good engineer expects what is said of it: the old base's layers are exchanged for the new one's.
# Whatever the history: an OCI image comes back with a Docker manifest around OCI layers, linux/arm/v6 as linux/arm, which containerd takes for
# v7, and PATH, JAVA_HOME and the like stay those of the old base. So count the layers before and after, or give the image a history first.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >go.mod <<'MOD'
module finding

go 1.24
MOD
cat >main.go <<'GO'
package main

import (
	"fmt"
	"io"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// An OCI image whose layers hold their own names, and whose history is that of the lowest so many of them.
func image(history int, path string, layers ...string) v1.Image {
	image := mutate.MediaType(mutate.ConfigMediaType(empty.Image, types.OCIConfigJSON), types.OCIManifestSchema1)
	for _, each := range layers {
		image = must(mutate.AppendLayers(image, static.NewLayer([]byte(each), types.OCIUncompressedLayer)))
	}
	config := must(image.ConfigFile()).DeepCopy()
	config.OS, config.Architecture, config.Variant = "linux", "arm", "v6"
	config.Config.Env = []string{"PATH=" + path}
	config.History = config.History[:history]
	return must(mutate.ConfigFile(image, config))
}

func describe(what string, image v1.Image) {
	var names []string
	for _, layer := range must(image.Layers()) {
		names = append(names, string(must(io.ReadAll(must(layer.Uncompressed())))))
	}
	config := must(image.ConfigFile())
	fmt.Printf("%s: %s; %s, %s, %s\n", what, strings.Join(names, " "), must(image.MediaType()), config.Platform(), config.Config.Env[0])
}

func main() {
	older, newer := image(1, "/base-1", "base-1"), image(1, "/base-2", "base-2")
	describe("original", image(3, "/base-1", "base-1", "application", "settings"))
	for _, history := range []int{3, 1, 0} {
		original := image(history, "/base-1", "base-1", "application", "settings")
		describe(fmt.Sprintf("rebased, history of %d", history), must(mutate.Rebase(original, older, newer)))
	}
}
GO
go get github.com/google/go-containerregistry/pkg/v1/mutate@v0.22.1 2>/dev/null
go run . | tee seen
cmp seen - <<'SEEN'
original: base-1 application settings; application/vnd.oci.image.manifest.v1+json, linux/arm/v6, PATH=/base-1
rebased, history of 3: base-2 application settings; application/vnd.docker.distribution.manifest.v2+json, linux/arm, PATH=/base-1
rebased, history of 1: base-2 settings; application/vnd.docker.distribution.manifest.v2+json, linux/arm, PATH=/base-1
rebased, history of 0: base-2 settings; application/vnd.docker.distribution.manifest.v2+json, linux/arm, PATH=/base-1
SEEN
echo 'as seen'
