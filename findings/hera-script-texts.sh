#!/usr/bin/env bash
# hera 7.1.0 (PyPI, Argo's own SDK for Python), seen 2026-11-28
#
# A function under `@script` that says `version: str` is called with a number, with true or with None where its parameter looks like JSON: the script that is
# written into the Workflow reads each parameter with json.loads, whatever the type says, and takes the text only where that fails. So the tag 1.10 is 1.1
# once it is put into an image's name, the short commit id 1234e56 is 1.234e+59, a build number 0042 stays a text while 42 is an int, and a branch
# called "null" is None. The same function with `constructor="runner"` is given the texts. No error, and v1.2.3 and most ids are right. A good
# engineer expects the type of the function to be kept, as KFP's SDK keeps it. str() brings none of them back; use the runner.
# Needs Python 3 with venv. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check hera==7.1.0

cat >steps.py <<'PY'
from hera.workflows import Workflow, script


def build(version: str, commit: str, number: str, branch: str):
    print(f"app:{version}", commit, repr(number), repr(branch))


inline = script(image="python:3.12")(build)
runner = script(image="python:3.12", constructor="runner")(build)
PY
cat >run.py <<'PY'
# Makes the Workflow, puts the parameters where they belong as Argo does, and runs its script.
import json
import subprocess
import sys
from hera.workflows import Workflow
import steps

for version, commit, number, branch in [("v1.2.3", "1234f56", "0042", "main"), ("1.10", "1234e56", "42", "null")]:
    parameters = {"version": version, "commit": commit, "number": number, "branch": branch}
    print("given: ", f"app:{version}", commit, repr(number), repr(branch))
    with Workflow(name="w", entrypoint="build") as workflow:
        steps.inline(name="build")
    source = workflow.to_dict()["spec"]["templates"][0]["script"]["source"]
    for name, value in parameters.items():
        source = source.replace("{{inputs.parameters.%s}}" % name, value)
    print("inline:", subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True).stdout.strip())
    with open("parameters.json", "w") as file:
        json.dump([{"name": name, "value": value} for name, value in parameters.items()], file)
    with Workflow(name="w", entrypoint="build") as workflow:
        steps.runner(name="build")
    template = workflow.to_dict()["spec"]["templates"][0]["script"]
    # Argo writes the parameters, which are the "source", into a file and gives its path as the last argument.
    command = [sys.executable, *template["args"], "parameters.json"]
    print("runner:", subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())
PY
venv/bin/python -W ignore run.py | tee seen
cmp seen - <<'SEEN'
given:  app:v1.2.3 1234f56 '0042' 'main'
inline: app:v1.2.3 1234f56 '0042' 'main'
runner: app:v1.2.3 1234f56 '0042' 'main'
given:  app:1.10 1234e56 '42' 'null'
inline: app:1.1 1.234e+59 42 None
runner: app:1.10 1234e56 '42' 'null'
SEEN
echo 'as seen'
