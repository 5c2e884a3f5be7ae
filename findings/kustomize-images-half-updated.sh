#!/usr/bin/env bash
# sigs.k8s.io/kustomize/api 0.21.1 (what kustomize 5.8.1 is made of), seen 2026-11-28
#
# Which images of a manifest does an `images:` entry change? Those of fields called `containers` and `initContainers`, at any depth and of any
# kind, and, since image volumes are there, theirs, but only in a Pod and right below `spec.template.spec`. So of one object a part gets the new
# version: a Deployment's container and its image volume both, a CronJob's container alone; of a template of an Argo Workflow the
# init containers and a containerSet, but neither its container, nor its script, nor its sidecars. No word about the rest. A good engineer who
# sees the new tag in the output, or tried it with a Deployment, expects all of them, or none of a kind that isn't known. Name the other fields in
# `configurations:` (a list `images:` of paths), and look for the old reference in what was built.
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

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

func main() {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "manifests")
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
mkdir manifests
cat >manifests/kustomization.yaml <<'YAML'
resources: [objects.yaml]
images:
- {name: registry.example/app, newTag: new}
YAML
cat >manifests/objects.yaml <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
spec:
  template:
    spec:
      containers: [{name: c, image: 'registry.example/app:old'}]
      volumes: [{name: v, image: {reference: 'registry.example/app:old'}}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: j}
spec:
  jobTemplate:
    spec:
      template:
        spec:
          containers: [{name: c, image: 'registry.example/app:old'}]
          volumes: [{name: v, image: {reference: 'registry.example/app:old'}}]
---
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: w}
spec:
  templates:
  - name: one
    initContainers: [{name: i, image: 'registry.example/app:old'}]
    container: {image: 'registry.example/app:old'}
    sidecars: [{name: s, image: 'registry.example/app:old'}]
  - name: two
    script: {image: 'registry.example/app:old', source: 'true'}
  - name: three
    containerSet: {containers: [{name: main, image: 'registry.example/app:old'}]}
YAML
go get sigs.k8s.io/kustomize/api/krusty@v0.21.1 sigs.k8s.io/kustomize/kyaml/filesys@v0.21.1 2>/dev/null
go run . >built
# Each image with the kind of its object and the names of the fields that it is in.
awk '
  /^kind:/ { kind = $2 }
  { match($0, /[a-zA-Z]/); for (at in field) if (at + 0 >= RSTART) delete field[at] }
  match($0, /[a-zA-Z]+:/) {
    field[RSTART] = substr($0, RSTART, RLENGTH - 1)
    if (/registry.example/) {
      path = ""
      for (at = 1; at <= 40; at++) if (at in field && field[at] !~ /^(spec|template|templates|jobTemplate|image|reference)$/) path = path " " field[at]
      sub(/.*:/, "", $NF)
      print kind path ": " $NF
    }
  }
' built | tee seen
cmp seen - <<'SEEN'
Deployment containers: new
Deployment volumes: new
CronJob containers: new
CronJob volumes: old
Workflow container: old
Workflow initContainers: new
Workflow sidecars: old
Workflow script: old
Workflow containerSet containers: new
SEEN
echo 'as seen'
