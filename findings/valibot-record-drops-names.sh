#!/usr/bin/env bash
# valibot 1.5.0, seen 2026-11-27
#
# v.record() leaves out entries called "constructor", "prototype" and "__proto__" and says that the input is valid. Where the keys are names
# that users choose (services, images, targets of a configuration file), an entry called "constructor" is gone without a word. v.object()
# with the same key keeps it, and so does v.map() over Object.entries. "toString", also a name of Object.prototype, stays in a record.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund valibot@1.5.0

cat >probe.mjs <<'JS'
import * as v from 'valibot';

const input = JSON.parse('{"driver":1,"constructor":2,"prototype":3,"toString":4}');
const record = v.safeParse(v.record(v.string(), v.number()), input);
const object = v.safeParse(v.object({ constructor: v.number() }), input);
console.log('input: ', Object.keys(input).join(' '));
console.log('record:', record.success, Object.keys(record.output).join(' '));
console.log('object:', object.success, Object.keys(object.output).join(' '));

const asSeen =
  record.success && Object.keys(record.output).join(' ') === 'driver toString' && Object.hasOwn(object.output, 'constructor');
console.log(asSeen ? 'as seen' : 'CHANGED');
process.exitCode = asSeen ? 0 : 1;
JS
node probe.mjs
