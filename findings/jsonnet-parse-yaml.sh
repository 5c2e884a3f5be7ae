#!/usr/bin/env bash
# jsonnet 0.22.0 (C++) and gojsonnet 0.22.0 (Go, as in Tanka and Argo CD) from PyPI, both the project's own, seen 2026-11-28
#
# The same program over the same manifest, two results and no error: std.parseYaml of the C++ library follows no alias (`image: *image` is the text
# "*image", `<<: *labels` a label called `<<`), takes no tag (`!!str 8080` is a number), and knows `true` and `null` but not `True` or `~`; Go's follows
# YAML 1.1, as kubectl does, where `0400` is 256 and `on` true, and C++'s has texts for those. So a Deployment that Argo CD makes is
# another one when CI renders it by `pip install jsonnet`. A good engineer expects one standard library, and sees the two agree on plain
# values, quotes and blocks. Numbers differ as well where they are written: 0.1 is 0.10000000000000001 to C++. Use one of the two.
# Needs Python 3 with venv. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check jsonnet==0.22.0 gojsonnet==0.22.0

cat >deployment.yaml <<'YAML'
x: &image registry.example/app:1
labels: &labels {app: it}
image: *image
selector: {<<: *labels, tier: web}
port: !!str 8080
mode: 0400
size: 1_000
on: on
debug: True
node: ~
plain: true
quoted: '8080'
block: |
  text
YAML
cat >render.py <<'PY'
import json
import _gojsonnet
import _jsonnet


def read(_, name):
    return name, open(name, "rb").read()


program = 'std.parseYaml(importstr "deployment.yaml")'
cpp, go = (json.loads(library.evaluate_snippet("render", program, import_callback=read)) for library in (_jsonnet, _gojsonnet))
for name in dict.fromkeys([*cpp, *go]):
    one, other = (json.dumps(result[name]) if name in result else "no such field" for result in (cpp, go))
    print(f"{name}: {one}" if one == other else f"{name}: C++ {one}, Go {other}")
numbers = "std.manifestYamlDoc({ratio: 0.1}, quote_keys=false)"
print("written:", *(json.loads(library.evaluate_snippet("write", numbers)) for library in (_jsonnet, _gojsonnet)))
PY
venv/bin/python render.py | tee seen
cmp seen - <<'SEEN'
block: "text\n"
debug: C++ "True", Go true
image: C++ "*image", Go "registry.example/app:1"
labels: {"app": "it"}
mode: C++ "0400", Go 256
node: C++ "~", Go null
on: C++ "on", Go no such field
plain: true
port: C++ 8080, Go "8080"
quoted: "8080"
selector: C++ {"<<": "*labels", "tier": "web"}, Go {"app": "it", "tier": "web"}
size: C++ "1_000", Go 1000
x: "registry.example/app:1"
true: C++ no such field, Go true
written: ratio: 0.10000000000000001 ratio: 0.1
SEEN
echo 'as seen'
