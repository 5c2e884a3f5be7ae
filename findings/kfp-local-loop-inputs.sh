#!/usr/bin/env bash
# kfp 2.17.3 (PyPI), seen 2026-11-28
#
# Run with kfp's own local runner, a step in a dsl.ParallelFor that takes a parameter which a step before the loop made gets the loop's item in its
# place: push(image=built.output, platform=platform) is called with "amd64" for both, and text made of the two says "amd64 for amd64". The pipeline ends
# well. Parameters of the pipeline arrive as they are, artifacts too, a dsl.If in the same loop compares the right output, and on a cluster all
# of it is right. A good engineer tries a pipeline locally first, and a test that looks at statuses, or has steps that use the item alone, is
# content; a step that pushes, deletes or promotes what it was told does so with another name. Hand the value on as an artifact.
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
def build() -> str:
    return "app"


@dsl.component(base_image="unused", install_kfp_package=False)
def log(report: dsl.Output[dsl.Artifact]):
    open(report.path, "w").write("log of the build")


@dsl.component(base_image="unused", install_kfp_package=False)
def push(image: str, platform: str, registry: str, both: str, report: dsl.Input[dsl.Artifact]):
    print(f"SAID push {image} for {platform} to {registry}; both: {both}; artifact: {open(report.path).read()}")


@dsl.component(base_image="unused", install_kfp_package=False)
def branch(platform: str):
    print("SAID the output is app,", platform)


@dsl.pipeline
def publish(registry: str = "registry.example"):
    built = build()
    report = log().outputs["report"]
    with dsl.ParallelFor(["amd64", "arm64"]) as platform:
        push(image=built.output, platform=platform, registry=registry, both=f"{built.output} for {platform}", report=report)
        with dsl.If(built.output == "app"):
            branch(platform=platform)


publish()
PY
PATH=$dir/venv/bin:$PATH python3 -W ignore pipeline.py >log 2>&1 || { cat log && exit 1; }
grep 'Pipeline.*finished with status.*SUCCESS' log >/dev/null || { cat log && exit 1; }
sed -n 's/^.*SAID //p' log | sort | tee seen
cmp seen - <<'SEEN'
push amd64 for amd64 to registry.example; both: amd64 for amd64; artifact: log of the build
push arm64 for arm64 to registry.example; both: arm64 for arm64; artifact: log of the build
the output is app, amd64
the output is app, arm64
SEEN
echo 'as seen'
