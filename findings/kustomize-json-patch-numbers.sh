#!/usr/bin/env bash
# sigs.k8s.io/kustomize/api 0.21.1 (what kustomize 5.8.1 is made of), seen 2026-11-28
#
# A JSON patch of one field changes others of its object: whole numbers above 2^53 come back as the nearest that a double can hold
# (9007199254740993 as …992, 1700000000123456789, a time in nanoseconds, as …6800), and the greatest int64, as it stands for "no limit", becomes
# 9223372036854776000, which is none any more. Nothing says so. The same change written as a strategic merge patch leaves them as they are, so that
# who rewrites a patch from one kind to the other, for a field of an image say, changes a limit. A good engineer expects a JSON
# patch to touch what its paths name. Numbers below 2^53, replicas or user ids, stay.
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
	"os"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

func main() {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), os.Args[1])
	if err != nil {
		panic(err)
	}
	text, err := built.AsYaml()
	if err != nil {
		panic(err)
	}
	fmt.Print(string(text))
}
GO
go get sigs.k8s.io/kustomize/api/krusty@v0.21.1 sigs.k8s.io/kustomize/kyaml/filesys@v0.21.1 2>/dev/null

build() { # what the patch is called, the patch
  mkdir "$1"
  cat >"$1/limits.yaml" <<'YAML'
apiVersion: example.test/v1
kind: Limits
metadata: {name: limits}
spec:
  image: registry.example/app:old
  id: 9007199254740993
  since: 1700000000123456789
  bytes: 9223372036854775807
YAML
  printf 'resources: [limits.yaml]\npatches:\n- target: {kind: Limits}\n  path: patch.yaml\n' >"$1/kustomization.yaml"
  printf '%s\n' "$2" >"$1/patch.yaml"
  echo "$1:"
  go run . "$1" | sed -n '/^  [a-z]*: [r0-9]/p'
}
{
  build merge '{apiVersion: example.test/v1, kind: Limits, metadata: {name: limits}, spec: {image: "registry.example/app:new"}}'
  build json '[{"op": "replace", "path": "/spec/image", "value": "registry.example/app:new"}]'
} | tee seen
cmp seen - <<'SEEN'
merge:
  bytes: 9223372036854775807
  id: 9007199254740993
  image: registry.example/app:new
  since: 1700000000123456789
json:
  bytes: 9223372036854776000
  id: 9007199254740992
  image: registry.example/app:new
  since: 1700000000123456800
SEEN
echo 'as seen'
