#!/usr/bin/env bash
# zod 4.6.7 with ajv 8.20.0 (npm), seen 2026-11-28
#
# `z.toJSONSchema` writes a regular expression without its flags and says nothing. What zod takes by /…/i the schema refuses, and the other way round:
# a text that must not hold "latest" in any spelling, by a look-ahead with i, is fine to whoever checks by the schema. An editor, a CI job and
# a service in another language that share one definition so disagree about the same file. For what a schema cannot say otherwise, a Date,
# a Map, a transform, zod throws. A good engineer expects one verdict, or that error. Write [Aa] where it matters.
# Needs npm. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund zod@4.6.7 ajv@8.20.0 >/dev/null

cat >probe.mjs <<'JS'
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as z from 'zod';

const cases = [
  [/^sha256:[0-9a-f]{4}$/i, 'sha256:0AF1'],
  [/^(?!.*:latest$)/i, 'registry.example/app:Latest'],
  [/^driver:/m, 'launcher: 1\ndriver: 2'],
  [/^driver/, 'driver'],
];
for (const [pattern, text] of cases) {
  const schema = z.string().regex(pattern);
  const json = z.toJSONSchema(schema);
  const verdicts = [schema.safeParse(text).success, new Ajv2020().validate(json, text)].map((valid) => (valid ? 'valid' : 'not valid'));
  console.log(`${pattern} of ${JSON.stringify(text)}: zod ${verdicts[0]}, schema ${verdicts[1]} by ${JSON.stringify(json.pattern)}`);
}
for (const [name, schema] of Object.entries({ 'a Date': z.date(), 'a Map': z.map(z.string(), z.string()), 'a transform': z.string().transform(Number) })) {
  try {
    z.toJSONSchema(schema);
    console.log(`${name}: no error`);
  } catch {
    console.log(`${name}: an error`);
  }
}
JS
node probe.mjs | tee seen
cmp seen - <<'SEEN'
/^sha256:[0-9a-f]{4}$/i of "sha256:0AF1": zod valid, schema not valid by "^sha256:[0-9a-f]{4}$"
/^(?!.*:latest$)/i of "registry.example/app:Latest": zod not valid, schema valid by "^(?!.*:latest$)"
/^driver:/m of "launcher: 1\ndriver: 2": zod valid, schema not valid by "^driver:"
/^driver/ of "driver": zod valid, schema valid by "^driver"
a Date: an error
a Map: an error
a transform: an error
SEEN
echo 'as seen'
