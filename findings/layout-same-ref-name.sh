#!/usr/bin/env bash
# oras.land/oras-go/v2 2.7.0 and github.com/regclient/regclient 0.11.7, seen 2026-11-28
#
# An OCI layout of two images that have the same tag, driver:1.0 and launcher:1.0, as containerd's exporter writes one: both are 1.0 by
# org.opencontainers.image.ref.name, and their full names are in io.containerd.image.name. Asked for 1.0, regclient takes the first, oras-go the
# last, and neither says that there are two. When oras-go next writes the layout, for another tag say, it leaves the name 1.0 to its own choice,
# and the other image is no 1.0 any more. A good engineer expects an error, or one and the same image. Take such images by digest, or save each into a
# layout of its own.
# Needs Go. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

mkdir -p layout/blobs/sha256
blob() { # puts a file among the blobs and says its digest and size
  local digest
  digest=$(sha256sum "$1" | cut -d' ' -f1)
  cp "$1" layout/blobs/sha256/"$digest"
  echo "\"digest\": \"sha256:$digest\", \"size\": $(stat -c %s "$1")"
}
entries=()
for name in driver launcher; do
  echo "{\"architecture\": \"amd64\", \"os\": \"linux\", \"author\": \"$name\", \"rootfs\": {\"type\": \"layers\", \"diff_ids\": []}}" >config
  echo "{\"schemaVersion\": 2, \"mediaType\": \"application/vnd.oci.image.manifest.v1+json\",
    \"config\": {\"mediaType\": \"application/vnd.oci.image.config.v1+json\", $(blob config)}, \"layers\": [], \"annotations\": {\"name\": \"$name\"}}" >manifest
  entries+=("{\"mediaType\": \"application/vnd.oci.image.manifest.v1+json\", $(blob manifest), \"annotations\":
    {\"io.containerd.image.name\": \"registry.example/$name:1.0\", \"org.opencontainers.image.ref.name\": \"1.0\"}}")
done
echo '{"imageLayoutVersion": "1.0.0"}' >layout/oci-layout
echo "{\"schemaVersion\": 2, \"manifests\": [${entries[0]}, ${entries[1]}]}" >layout/index.json

cat >go.mod <<'MOD'
module finding

go 1.25
MOD
cat >main.go <<'GO'
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/regclient/regclient"
	"github.com/regclient/regclient/types/ref"
	"oras.land/oras-go/v2/content/oci"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func index(what string) {
	var index struct {
		Manifests []struct{ Annotations map[string]string }
	}
	if err := json.Unmarshal(must(os.ReadFile("layout/index.json")), &index); err != nil {
		panic(err)
	}
	for _, manifest := range index.Manifests {
		if manifest.Annotations["org.opencontainers.image.ref.name"] == "1.0" {
			fmt.Printf("%s, 1.0: %s\n", what, manifest.Annotations["io.containerd.image.name"])
		}
	}
}

func main() {
	ctx := context.Background()
	index("written")
	manifest := must(regclient.New().ManifestGet(ctx, must(ref.New("ocidir://layout:1.0"))))
	var body struct{ Annotations map[string]string }
	if err := json.Unmarshal(must(manifest.RawBody()), &body); err != nil {
		panic(err)
	}
	fmt.Println("regclient, 1.0:", body.Annotations["name"])
	store := must(oci.New("layout"))
	chosen := must(store.Resolve(ctx, "1.0"))
	fmt.Println("oras-go, 1.0:", chosen.Annotations["io.containerd.image.name"])
	if err := store.Tag(ctx, chosen, "stable"); err != nil {
		panic(err)
	}
	index("after another tag by oras-go")
}
GO
go get github.com/regclient/regclient@v0.11.7 oras.land/oras-go/v2@v2.7.0 2>/dev/null
go run . | tee seen
cmp seen - <<'SEEN'
written, 1.0: registry.example/driver:1.0
written, 1.0: registry.example/launcher:1.0
regclient, 1.0: driver
oras-go, 1.0: registry.example/launcher:1.0
after another tag by oras-go, 1.0: registry.example/launcher:1.0
SEEN
echo 'as seen'
