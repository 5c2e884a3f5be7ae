#!/usr/bin/env bash
# k8s.io/apimachinery 0.37.2, k8s.io/api 0.37.2, seen 2026-11-27
#
# `imagePullSecrets` stands in two types. A strategic merge patch adds to those of a PodSpec and replaces those of a ServiceAccount, whose
# `secrets`, in the same object, are added to. The usual `kubectl patch serviceaccount default -p '{"imagePullSecrets":[{"name":"x"}]}'`
# so takes away the other registries' secrets.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
mkdir "$dir/probe"
cd "$dir/probe"
export GOPATH=$dir/gopath GOCACHE=$dir/gocache
go mod init example.com/probe 2>/dev/null
go get k8s.io/apimachinery/pkg/util/strategicpatch@v0.37.2 k8s.io/api/core/v1@v0.37.2 2>/dev/null
cat >main.go <<'GO'
package main

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

func try(what, field string, into any) {
	have, patch := `{"`+field+`":[{"name":"a"}]}`, `{"`+field+`":[{"name":"b"}]}`
	merged, err := strategicpatch.StrategicMergePatch([]byte(have), []byte(patch), into)
	if err != nil {
		panic(err)
	}
	fmt.Println(what, string(merged))
}

func main() {
	try("PodSpec", "imagePullSecrets", &corev1.PodSpec{})
	try("ServiceAccount", "imagePullSecrets", &corev1.ServiceAccount{})
	try("ServiceAccount", "secrets", &corev1.ServiceAccount{})
}
GO
go run . | tee seen
cmp seen - <<'END'
PodSpec {"imagePullSecrets":[{"name":"b"},{"name":"a"}]}
ServiceAccount {"imagePullSecrets":[{"name":"b"}]}
ServiceAccount {"secrets":[{"name":"b"},{"name":"a"}]}
END
echo 'as seen'
