#!/usr/bin/env bash
# sigs.k8s.io/kustomize/kustomize/v5 5.8.1, seen 2026-11-27
#
# A configMapGenerator takes the same line as a literal and from a file of variables, and reads it differently: of a literal the quotes around
# the value go, in a file of `envs` they become part of the value. An image reference written DRIVER="repository@sha256:…" in a
# params.env so reaches the cluster with its quotes, and is not a reference any more.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
export GOPATH=$dir/gopath GOCACHE=$dir/gocache GOBIN=$dir/bin
go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.1 2>/dev/null

printf 'A="quoted"\n' >params.env
try() {
  printf 'configMapGenerator:\n- name: c\n  %s\n' "$2" >kustomization.yaml
  printf '%s: %s\n' "$1" "$("$dir/bin/kustomize" build . | sed -n 's/^  A: //p')"
}
{
  try literal "literals: ['A=\"quoted\"']"
  try envs 'envs: [params.env]'
} | tee seen
cmp seen - <<'END'
literal: quoted
envs: '"quoted"'
END
echo 'as seen'
