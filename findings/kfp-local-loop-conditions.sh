#!/usr/bin/env bash
# kfp 2.17.3 (PyPI), seen 2026-11-28
#
# Run with kfp's own local runner, `dsl.If(item == "arm64")` in a loop over the output of a step (`dsl.ParallelFor(step.output)`) compares the
# whole list with "arm64", not the item: no item takes the branch, each takes its dsl.Else, `!=` is true of all, and the pipeline ends well. The same
# condition in a loop over a list that is written in the pipeline, or over a parameter of the pipeline, takes the branch of the item, and the cluster always
# does. A good engineer writes the list down while trying a pipeline, sees the branches work, and then lets a step make it.
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
def platforms() -> list:
    return ["amd64", "arm64"]


@dsl.component(base_image="unused", install_kfp_package=False)
def say(what: str):
    print("SAID", what)


@dsl.pipeline
def loops(given: list = ["amd64", "arm64"]):
    for name, items in {"written": ["amd64", "arm64"], "parameter": given, "made by a step": platforms().output}.items():
        with dsl.ParallelFor(items) as platform:
            with dsl.If(platform == "arm64"):
                say(what=f"{name}: {platform} is arm64")
            with dsl.Else():
                say(what=f"{name}: {platform} is another")


loops()
PY
PATH=$dir/venv/bin:$PATH python3 -W ignore pipeline.py >log 2>&1 || { cat log && exit 1; }
grep 'Pipeline.*finished with status.*SUCCESS' log >/dev/null || { cat log && exit 1; }
sed -n 's/^.*SAID //p' log | sort | tee seen
cmp seen - <<'SEEN'
made by a step: amd64 is another
made by a step: arm64 is another
parameter: amd64 is another
parameter: arm64 is arm64
written: amd64 is another
written: arm64 is arm64
SEEN
echo 'as seen'
