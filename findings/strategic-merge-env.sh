#!/usr/bin/env bash
# k8s.io/apimachinery 0.37.2, k8s.io/api 0.37.2 (the strategic merge that kubectl patch and the API server use), seen 2026-11-27
#
# A strategic merge patch of a container's `env`:
#   - changes only the first of two entries of one name; the process gets the last one, so the patch succeeds and changes nothing;
#   - puts the patched entries in the patch's order, in front: `$(FIRST)` in SECOND is expanded only where FIRST stands before it, so a
#     patch that lists SECOND first stops the expansion;
#   - keeps `valueFrom` beside a new `value`, which the API server then refuses.
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

func main() {
	for _, each := range [][2]string{
		{`{"env":[{"name":"A","value":"1"},{"name":"B","value":"x"},{"name":"A","value":"2"}]}`, `{"env":[{"name":"A","value":"new"}]}`},
		{`{"env":[{"name":"FIRST","value":"1"},{"name":"SECOND","value":"$(FIRST)"}]}`, `{"env":[{"name":"SECOND","value":"$(FIRST)!"},{"name":"FIRST","value":"9"}]}`},
		{`{"env":[{"name":"A","valueFrom":{"configMapKeyRef":{"name":"m","key":"k"}}}]}`, `{"env":[{"name":"A","value":"v"}]}`},
	} {
		merged, err := strategicpatch.StrategicMergePatch([]byte(each[0]), []byte(each[1]), &corev1.Container{})
		if err != nil {
			panic(err)
		}
		fmt.Println(string(merged))
	}
}
GO
go run . | tee seen
cmp seen - <<'END'
{"env":[{"name":"A","value":"new"},{"name":"A","value":"2"},{"name":"B","value":"x"}]}
{"env":[{"name":"SECOND","value":"$(FIRST)!"},{"name":"FIRST","value":"9"}]}
{"env":[{"name":"A","value":"v","valueFrom":{"configMapKeyRef":{"key":"k","name":"m"}}}]}
END
echo 'as seen'
