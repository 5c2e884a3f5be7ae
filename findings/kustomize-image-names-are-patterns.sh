#!/usr/bin/env bash
# kustomize 5.8.1 (sigs.k8s.io/kustomize/kustomize/v5), seen 2026-11-27: the `name` of an `images:` entry, documented as the
# image's name, is a regular expression (`.` matches any character), and entries feed each other: each one looks at what the
# ones before it gave, so that the order decides, and an entry for a new name undoes the entry that gave that name.
# A tool that compares names as texts writes a digest that a later entry takes away again.
# Needs Go. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail

folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
GOBIN=$folder/bin go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.1

pod() {
  printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - {name: c, image: "%s"}\n' "$1" >pod.yaml
}
build() { bin/kustomize build . | sed -n 's/^ *- image: //p'; }
failed=0
expect() {
  printf '%s: %s\n' "$1" "$3"
  [ "$2" = "$3" ] || { printf '  expected %s\n' "$2" && failed=1; }
}

pod 'registryXexample/team/api:1'
printf 'resources: [pod.yaml]\nimages:\n- {name: registry.example/team/api, newTag: "2"}\n' >kustomization.yaml
expect 'a dot in a name matches another character' 'registryXexample/team/api:2' "$(build)"

pod 'registry.example/team/api:1'
printf 'resources: [pod.yaml]\nimages:\n- {name: ".*/team/a.*", newTag: "3"}\n' >kustomization.yaml
expect 'a pattern matches the whole name' 'registry.example/team/api:3' "$(build)"

digest=sha256:$(printf 'a%.0s' {1..64})
cat >kustomization.yaml <<END
resources: [pod.yaml]
images:
- {name: registry.example/team/api, newName: mirror.example/api, digest: "$digest"}
- {name: mirror.example/api, newTag: "4"}
END
expect 'an entry for the new name takes the digest away again' 'mirror.example/api:4' "$(build)"
exit "$failed"
