#!/usr/bin/env bash
# @actions/exec 3.0.0: a child that was ended by a signal has no exit status. `getExecOutput` with ignoreReturnCode, typed to give
# `exitCode: number`, resolves with `exitCode: null`, so a check such as `exitCode > 0` or `exitCode === 1` does not see that the child failed.
# A good engineer expects a number, as a shell's 128 + signal, or a rejection.
# seen 2026-11-27
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @actions/exec@3.0.0 >/dev/null

cat >child.mjs <<'END'
import { getExecOutput } from '@actions/exec';
const options = { silent: true, ignoreReturnCode: true };
const ended = await getExecOutput('sh', ['-c', 'exit 3'], options);
const killed = await getExecOutput('sh', ['-c', 'kill -TERM $$'], options);
console.log(`exit 3 gives exitCode ${JSON.stringify(ended.exitCode)}, SIGTERM gives exitCode ${JSON.stringify(killed.exitCode)}`);
process.exitCode = ended.exitCode === 3 && killed.exitCode === null ? 0 : 1;
END
node child.mjs
