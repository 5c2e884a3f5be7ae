#!/usr/bin/env bash
# kfp 2.17.3 (PyPI), seen 2026-11-28
#
# What stands in dsl.If is written into the pipeline as text, in the language of the cluster (CEL), and the text says something else:
#   - a bool output compared with 1 becomes "== false", with 0 "== true": the branch that runs is the other one, without an error anywhere;
#   - an output that is no text, compared with a text, is put into quotes itself ('inputs.parameter_values['…']'): this compiles, and the run
#     fails once it gets there, for the expression is none. So `flag == 'true'`, as version 1 of the SDK wanted it, ends a run in its middle;
#   - a text isn't escaped: C:\new is compared as C:, a line feed and "ew", which no path equals, and an apostrophe ends the text.
# A good engineer expects Python's rules (True == 1), or an error when compiling, as a list or a dict gets one. `flag == True` is right.
# Needs Python 3 with venv. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check kfp==2.17.3

cat >pipeline.py <<'PY'
import yaml
from kfp import compiler, dsl


@dsl.container_component
def source(flag: dsl.OutputPath(bool), count: dsl.OutputPath(int), text: dsl.OutputPath(str)):
    return dsl.ContainerSpec(image="source", args=[flag, count, text])


@dsl.container_component
def step():
    return dsl.ContainerSpec(image="step")


COMPARED = [("flag", True), ("flag", 1), ("flag", 0), ("flag", "true"), ("count", 3), ("count", "3"), ("text", "C:\\new"), ("text", "it's")]


@dsl.pipeline
def conditions():
    outputs = source().outputs
    for output, value in COMPARED:
        with dsl.If(outputs[output] == value):
            step()


compiler.Compiler().compile(conditions, "pipeline.yaml")
tasks = yaml.safe_load(open("pipeline.yaml"))["root"]["dag"]["tasks"]
for number, (output, value) in enumerate(COMPARED, 1):
    condition = tasks[f"condition-{number}"]["triggerPolicy"]["condition"]
    print(f"{output} == {value!r}:", condition.replace(f"inputs.parameter_values['pipelinechannel--source-{output}']", output.upper()))
PY
venv/bin/python -W ignore pipeline.py | tee seen
cmp seen - <<'SEEN'
flag == True: FLAG == true
flag == 1: FLAG == false
flag == 0: FLAG == true
flag == 'true': 'FLAG' == 'true'
count == 3: int(COUNT) == 3
count == '3': 'int(COUNT)' == '3'
text == 'C:\\new': TEXT == 'C:\new'
text == "it's": TEXT == 'it's'
SEEN
echo 'as seen'
