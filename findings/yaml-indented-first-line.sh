#!/usr/bin/env bash
# yaml 2.9.1 (npm, Node.js 24.21.0), seen 2026-11-28
#
# `stringify` writes a text whose first line is indented, and longer than `lineWidth` (80 unless told), so that another text is read back, by
# itself and by PyYAML: that first line is broken in two, at a place where YAML keeps the break, and the line breaks after it become spaces. A
# script below `run:` or in a ConfigMap then is another script; no error, and shorter texts or ones that begin with a word are right. A good
# engineer expects parse(stringify(value)) to be the value, and tries it with a short one. `lineWidth: 0` or `blockQuote: 'literal'` help.
# Needs Python 3 with venv, and npm. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check PyYAML==6.0.4
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 yaml@2.9.1 >/dev/null

cat >write.mjs <<'JS'
import { writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';

const build = 'docker build --file backend/Dockerfile.driver --tag registry.example.test/kfp/driver:latest .\n';
const push = 'docker push registry.example.test/kfp/driver:latest\n';
for (const [name, run, options] of [
  ['indented', `  ${build}${push}`],
  ['lineWidth: 0', `  ${build}${push}`, { lineWidth: 0 }],
  ['literal', `  ${build}${push}`, { blockQuote: 'literal' }],
  ['indented below', `true\n  ${build}${push}`],
]) {
  const text = stringify({ run }, options);
  if (name === 'indented') writeFileSync('written.yaml', text);
  console.log(`${name}: ${parse(text).run === run ? 'the same' : JSON.stringify(parse(text).run)}`);
}
JS
{
  node_modules/.bin/node write.mjs
  venv/bin/python -c 'import json, yaml; print("PyYAML:", json.dumps(yaml.safe_load(open("written.yaml"))["run"]))'
} | tee seen
cat written.yaml
cmp seen - <<'END'
indented: "  docker build --file backend/Dockerfile.driver --tag\nregistry.example.test/kfp/driver:latest . docker push registry.example.test/kfp/driver:latest\n"
lineWidth: 0: the same
literal: the same
indented below: the same
PyYAML: "  docker build --file backend/Dockerfile.driver --tag\nregistry.example.test/kfp/driver:latest . docker push registry.example.test/kfp/driver:latest\n"
END
echo 'as seen'
