#!/usr/bin/env bash
# yaml 2.9.1 (npm, Node.js 24.21.0), read by sigs.k8s.io/yaml 1.6.0 (kubectl, kustomize, Helm) and PyYAML 6.0.4, seen 2026-11-28
#
# An image's tag of a date and a time, 20261128_1530, is written without quotes by the package `yaml`, for YAML 1.2 knows no underscore in a number.
# Kubernetes' tools and Python read YAML 1.1's number: 202611281530, in a chart's template 2.0261128153e+11, and no image has that tag. So
# are 2026_11_28 and a version 1.10_1. The file looks right and is read right in JavaScript; 20261128-1530 and v20261128_1530 are texts to all.
# A good engineer leaves the quotes to the library, which does put them around "0o17", "1e3" and "true", as js-yaml 5.5.0 does around these
# too. Write with `compat: 'yaml-1.1'`.
# Needs Go, Python 3 with venv, and npm. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check PyYAML==6.0.4
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 yaml@2.9.1 js-yaml@5.5.0 >/dev/null

cat >write.mjs <<'JS'
import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { dump } from 'js-yaml';
const values = { nightly: '20261128_1530', day: '2026_11_28', pack: '1.10_1', dash: '20261128-1530', exponent: '1e3' };
writeFileSync('yaml', stringify(values));
writeFileSync('js-yaml', dump(values));
console.log(stringify(values).trimEnd());
JS
cat >read.py <<'PY'
import sys
import yaml
print(sys.argv[1], "read by Python:", *yaml.safe_load(open(sys.argv[1])).values())
PY
cat >go.mod <<'MOD'
module finding

go 1.24
MOD
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"text/template"

	"sigs.k8s.io/yaml"
)

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	var values map[string]any // as Helm holds a chart's values
	if err := yaml.Unmarshal(text, &values); err != nil {
		panic(err)
	}
	fmt.Print(os.Args[1], " in a template: ")
	if err := template.Must(template.New("").Parse("{{ .nightly }} {{ .day }} {{ .pack }} {{ .dash }} {{ .exponent }}\n")).Execute(os.Stdout, values); err != nil {
		panic(err)
	}
}
GO
go get sigs.k8s.io/yaml@v1.6.0 2>/dev/null
{
  node_modules/.bin/node write.mjs
  for writer in yaml js-yaml; do
    go run . $writer
    venv/bin/python read.py $writer
  done
} | tee seen
cmp seen - <<'SEEN'
nightly: 20261128_1530
day: 2026_11_28
pack: 1.10_1
dash: 20261128-1530
exponent: "1e3"
yaml in a template: 2.0261128153e+11 2.0261128e+07 1.101 20261128-1530 1e3
yaml read by Python: 202611281530 20261128 1.101 20261128-1530 1e3
js-yaml in a template: 20261128_1530 2026_11_28 1.10_1 20261128-1530 1e3
js-yaml read by Python: 20261128_1530 2026_11_28 1.10_1 20261128-1530 1e3
SEEN
echo 'as seen'
