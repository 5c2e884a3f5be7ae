#!/usr/bin/env bash
# github.com/fluxcd/pkg/envsubst 1.7.0 (what Flux' kustomize-controller makes `postBuild.substitute` with; by its source 1.9.0 is the same), seen 2026-11-28
#
# `${VARIABLE:+text}`, by which a shell, Compose and Dockerfiles add a text only where the variable has a value, is read as `:-`: the text comes where
# there is no value, and where there is one, the value. So `app:1.2${DEBUG:+-debug}` is app:1.2-debug for all clusters that don't set DEBUG, and
# app:1.2yes for the one that does. Its README lists `:+` as unsupported; a good engineer who knows that expects it to be refused, as `+` is, and one who
# doesn't expects a shell's, as `:-`, `:=`, `#`, `##`, `%`, `%%`, `/`, `//`, `^^`, `,,` and positions are. `/#v/`, which the README does list, and
# the patterns `?` and `[...]` between slashes replace nothing, again without a word. Set a variable of its own for the text, empty or not.
# Needs Go and bash. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >go.mod <<'MOD'
module finding

go 1.26.0
MOD
cat >main.go <<'GO'
package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/fluxcd/pkg/envsubst"
)

func main() {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		value, err := envsubst.Eval(lines.Text(), func(name string) (string, bool) {
			value, found := os.LookupEnv(name)
			return value, found
		})
		if err != nil {
			panic(err)
		}
		fmt.Println(value)
	}
}
GO
go get github.com/fluxcd/pkg/envsubst@v1.7.0 2>/dev/null
go build -o flux .
cat >texts <<'TXT'
app:1.2${DEBUG:+-debug}
app:1.2${NONE:+-debug}
app:${NONE:-1.2}
app:${TAG#v}
app:${TAG%%-*}
app:${TAG//./-}
app:${TAG/#v/}
app:${TAG//[.-]/_}
TXT
export DEBUG=yes NONE='' TAG=v1.2-rc.1
./flux <texts >flux.out
while read -r text; do eval "printf '%s\n' \"$text\""; done <texts >bash.out
paste texts flux.out bash.out | awk -F '\t' '{ printf "%-24s Flux %-20s bash %s\n", $1, $2, $3 }' | tee seen
cmp seen - <<'SEEN'
app:1.2${DEBUG:+-debug}  Flux app:1.2yes           bash app:1.2-debug
app:1.2${NONE:+-debug}   Flux app:1.2-debug        bash app:1.2
app:${NONE:-1.2}         Flux app:1.2              bash app:1.2
app:${TAG#v}             Flux app:1.2-rc.1         bash app:1.2-rc.1
app:${TAG%%-*}           Flux app:v1.2             bash app:v1.2
app:${TAG//./-}          Flux app:v1-2-rc-1        bash app:v1-2-rc-1
app:${TAG/#v/}           Flux app:v1.2-rc.1        bash app:1.2-rc.1
app:${TAG//[.-]/_}       Flux app:v1.2-rc.1        bash app:v1_2_rc_1
SEEN
echo 'as seen'
