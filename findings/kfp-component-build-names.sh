#!/usr/bin/env bash
# kfp 2.17.3 (PyPI), seen 2026-11-28
#
# `kfp component build` puts all components of a folder into one image, which finds the one to run by its function's name alone, in whatever file: of
# train/steps.py and evaluate/steps.py with a function `run` each, the image has one, and a pipeline that imports both, as steps of two names and places,
# runs that one's code for both. The build logs both as found, writes one component file for the two, and says nothing. A component without its own image
# carries its code and is right. A good engineer expects modules to keep names apart, as Python does, or an error as for two base images.
# Give components names that are unique in the folder.
# Needs Python 3 with venv. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check kfp==2.17.3

mkdir -p components/train components/evaluate
for part in train evaluate; do
  cat >components/$part/steps.py <<PY
from kfp import dsl


@dsl.component(base_image="python:3.12", target_image="registry.example/steps:1")
def run():
    print("this is $part")
PY
done
venv/bin/kfp component build components --no-build-image >log 2>&1 || { cat log && exit 1; }

cat >components/pipeline.py <<'PY'
# Imports the two components and prints the command of each step, as the compiled pipeline has it.
import json
import evaluate.steps
import train.steps
from kfp import dsl


@dsl.pipeline
def both():
    train.steps.run().set_display_name("train")
    evaluate.steps.run().set_display_name("evaluate")


spec = both.pipeline_spec
for task in spec.root.dag.tasks.values():
    executor = spec.components[task.component_ref.name].executor_label
    container = spec.deployment_spec["executors"][executor]["container"]
    print(json.dumps([task.task_info.name, *container["command"], *container["args"]]))
PY
cd components
PATH=$dir/venv/bin:$PATH
# The folder is what the image has as its working directory: each step's command is run here.
python3 -W ignore pipeline.py | sort -r | while read -r step; do
  python3 -W ignore - "$step" <<'PY'
import json
import os
import subprocess
import sys

name, *command = json.loads(sys.argv[1])
command = [json.dumps({"inputs": {}, "outputs": {"outputFile": os.path.abspath("output.json")}}) if part == "{{$}}" else part for part in command]
lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
print(f"step {name}:", *(line for line in lines if line.startswith("this is")))
PY
done >../seen
cd ..
cat seen
[ "$(grep -c 'component(s) in file' log)" = 2 ] || { cat log && exit 1; }
sed -n '/run/s/ = .*/ = one of the two/p' components/kfp_config.ini
grep -q '^step train: this is' seen && grep -q '^step evaluate: this is' seen && [ "$(sed 's/.*: //' seen | sort -u | wc -l)" = 1 ] || { echo 'CHANGED: two steps, two codes' && exit 1; }
echo 'as seen'
