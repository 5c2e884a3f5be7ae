#!/usr/bin/env bash
# PyYAML 6.0.4, yaml 2.9.1 and js-yaml 5.5.0 (npm), seen 2026-11-28
#
# A short commit id such as 1234e56 is a number to JavaScript's YAML libraries (1.234e+59; 12e5678 is Infinity to yaml, and a text to
# js-yaml) and a text to PyYAML, which follows YAML 1.1, where an exponent needs a dot and a sign. So PyYAML writes it without quotes, and
# who reads the file has another tag. Of all ids of seven digits 1.9 % (one of 54) have that form: digits with one e between them.
# Needs Python 3 with venv, and npm. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check PyYAML==6.0.4
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund yaml@2.9.1 js-yaml@5.5.0

venv/bin/python - <<'PY'
import yaml
tags = {"one": "1234e56", "two": "12e5678"}
text = yaml.safe_dump(tags)
assert yaml.safe_load(text) == tags
open("tags.yaml", "w").write(text)
PY
cat tags.yaml

cat >read.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { load } from 'js-yaml';

const text = readFileSync('tags.yaml', 'utf8');
const [a, b] = [parse(text), load(text)];
console.log('yaml:   ', a.one, a.two);
console.log('js-yaml:', b.one, b.two);
const likeExponents = (5 * 10 ** 6) / 16 ** 7;
console.log(`of all ids of seven digits: ${(100 * likeExponents).toFixed(1)} %`);
const asSeen =
  text === 'one: 1234e56\ntwo: 12e5678\n' && a.one === 1.234e59 && a.two === Infinity && b.one === 1.234e59 && b.two === '12e5678';
console.log(asSeen ? 'as seen' : 'CHANGED');
process.exitCode = asSeen ? 0 : 1;
JS
node read.mjs
