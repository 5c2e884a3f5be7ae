#!/usr/bin/env bash
# @kubernetes/client-node 2.0.1 with js-yaml 5.5.0 (npm, Node.js 24.21.0), seen 2026-11-28
#
# loadYaml of Kubernetes' own JavaScript client reads other manifests than kubectl does: `defaultMode: 0400`, as Kubernetes' documentation writes
# the mode of a secret's files, is the number 400, which is 0620 (the group may write), and not 256; and `<<: *labels` becomes a label called
# `<<`. kubectl and the API server (sigs.k8s.io/yaml), PyYAML, and so the Python client, take the octal number and the merge key. No error; a
# good engineer expects the one file to mean one thing to Kubernetes' tools. The number was so with client-node 1 already, the merge key was
# not: js-yaml 5 took it out of what it reads unless told.
# Needs Python 3 with venv, and npm. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check PyYAML==6.0.4
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 @kubernetes/client-node@2.0.1 js-yaml@5.5.0 >/dev/null

cat >pod.yaml <<'YAML'
apiVersion: v1
kind: Pod
metadata:
  name: reader
  labels: &labels {app: reader}
  annotations:
    <<: *labels
spec:
  volumes:
  - name: key
    secret: {secretName: key, defaultMode: 0400}
YAML
cat >read.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { loadYaml } from '@kubernetes/client-node';
const { metadata, spec } = loadYaml(readFileSync('pod.yaml', 'utf8'));
console.log(JSON.stringify(metadata.annotations), spec.volumes[0].secret.defaultMode);
JS
cat >read.py <<'PY'
import json
import yaml
pod = yaml.safe_load(open("pod.yaml"))
print(json.dumps(pod["metadata"]["annotations"], separators=(",", ":")), pod["spec"]["volumes"][0]["secret"]["defaultMode"])
PY
{
  echo "client-node: $(node_modules/.bin/node read.mjs)"
  echo "PyYAML:      $(venv/bin/python read.py)"
} | tee seen
cmp seen - <<'SEEN'
client-node: {"<<":{"app":"reader"}} 400
PyYAML:      {"app":"reader"} 256
SEEN
echo 'as seen'
