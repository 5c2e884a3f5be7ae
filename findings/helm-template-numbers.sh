#!/usr/bin/env bash
# github.com/Masterminds/sprig/v3 3.3.0 and sigs.k8s.io/yaml 1.6.0, by which Helm 3 and 4 read values and run templates, seen 2026-11-28
#
# `has 8080 .Values.ports` is false, and `without .Values.ports 8080` leaves 8080 in, for `ports: [80, 8080]` of a values file: its numbers are floats, the
# template's are ints, and lists are searched by Go's deep equality; `int` of one of them, printing and `join` show 8080. And of texts, as the parts of
# a version are, `int` takes a leading 0 for octal and what it cannot read for 0: 2026.07 is month 7, 2026.08 and 2026.09 are month 0, 010 plus 1 is 9, and
# "1.5" is 0 where the number 1.5 is 1. No error, so that an `if` takes the other branch. A good engineer tries `has "a" .Values.names`, or a list
# written in the template, and a version without a zero. Use `has 8080.0` (not for --set, whose numbers are int64), and `atoi` or trimPrefix "0".
# Needs Go. Exit 0: as described; 1: behaves otherwise now. Compiles for a minute.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
printf 'module finding\n\ngo 1.24\n' >go.mod
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"sigs.k8s.io/yaml"
)

const file = "ports: [80, 8080]\nnames: [a, b]\nversions: ['2026.07', '2026.08', '2026.09', '2026.10']\nratio: 1.5\n"

func main() {
	var values map[string]any
	if err := yaml.Unmarshal([]byte(file), &values); err != nil {
		panic(err)
	}
	for _, text := range []string{
		`{{ has 8080 .Values.ports }}`,
		`{{ without .Values.ports 8080 }}`,
		`{{ has 8080.0 .Values.ports }}`,
		`{{ has 8080 (list 80 8080) }}`,
		`{{ has "a" .Values.names }}`,
		`{{ range .Values.versions }}{{ int (last (splitList "." .)) }} {{ end }}`,
		`{{ range .Values.versions }}{{ atoi (last (splitList "." .)) }} {{ end }}`,
		`{{ add "010" 1 }}`,
		`{{ int .Values.ratio }} {{ int "1.5" }}`,
	} {
		fmt.Print(text, " ")
		if err := template.Must(template.New("").Funcs(sprig.TxtFuncMap()).Parse(text)).Execute(os.Stdout, map[string]any{"Values": values}); err != nil {
			panic(err)
		}
		fmt.Println()
	}
}
GO
go get github.com/Masterminds/sprig/v3@v3.3.0 sigs.k8s.io/yaml@v1.6.0 2>/dev/null
go run . | sed 's/ *$//' | tee seen
cmp seen - <<'SEEN'
{{ has 8080 .Values.ports }} false
{{ without .Values.ports 8080 }} [80 8080]
{{ has 8080.0 .Values.ports }} true
{{ has 8080 (list 80 8080) }} true
{{ has "a" .Values.names }} true
{{ range .Values.versions }}{{ int (last (splitList "." .)) }} {{ end }} 7 0 0 10
{{ range .Values.versions }}{{ atoi (last (splitList "." .)) }} {{ end }} 7 8 9 10
{{ add "010" 1 }} 9
{{ int .Values.ratio }} {{ int "1.5" }} 1 0
SEEN
echo 'as seen'
