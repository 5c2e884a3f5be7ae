#!/usr/bin/env bash
# kfp 2.17.3 (PyPI), seen 2026-11-28
#
# Run with kfp's own local runner, a pipeline whose condition compares a whole number with a fraction (`count > 2.5`, count an int; `ratio > 1`,
# ratio a float) takes neither its dsl.If nor its dsl.Else, and ends well: the compiler writes double(…) into the condition, as the
# cluster's language (CEL) wants it, the local runner reads that as Python, which knows no `double`, and takes the error for "false", in the
# condition and in its opposite. There is one line in the log for each. A good engineer tries a pipeline locally to see which branch it takes, and
# expects one of the two. Comparing alike with alike (`count > 2`, `ratio > 1.0`) works.
# Needs Python 3 with venv. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check kfp==2.17.3

cat >pipeline.py <<'PY'
from kfp import dsl, local

local.init(runner=local.SubprocessRunner(use_venv=False), pipeline_root="outputs")


@dsl.component(base_image="unused", install_kfp_package=False)
def three() -> int:
    return 3


@dsl.component(base_image="unused", install_kfp_package=False)
def half() -> float:
    return 0.5


@dsl.component(base_image="unused", install_kfp_package=False)
def say(what: str):
    print("SAID", what)


@dsl.pipeline
def conditions():
    count = three().output
    ratio = half().output
    for name, condition in {
        "count > 2": count > 2,
        "count > 2.5": count > 2.5,
        "ratio > 1.0": ratio > 1.0,
        "ratio > 1": ratio > 1,
    }.items():
        with dsl.If(condition):
            say(what=f"{name}: then")
        with dsl.Else():
            say(what=f"{name}: else")


conditions()
PY
PATH=$dir/venv/bin:$PATH python3 pipeline.py >log 2>&1 || { cat log && exit 1; }
grep 'evaluation failed' log || { echo 'CHANGED: no evaluation failed' && exit 1; }
sed -n 's/^.*SAID /said: /p' log | sort | tee seen
cmp seen - <<'SEEN'
said: count > 2: then
said: ratio > 1.0: else
SEEN
echo 'as seen'
