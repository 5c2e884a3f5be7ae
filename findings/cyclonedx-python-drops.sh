#!/usr/bin/env bash
# cyclonedx-python-lib 11.12.0 (PyPI, CycloneDX's own), seen 2026-11-28
#
# `Bom.from_json` reads a valid SBOM, says nothing, and what is written of it again is valid and has less in it: compositions, annotations,
# formulation, declarations, model cards and data of components, and `provides` are gone. And it says more: components that the graph did not
# name, which by the specification means that their dependencies are not known, have an entry of their own without any, which means that
# there are none. So an SBOM that called itself incomplete, and had no dependencies of a library, comes out as one that is complete and knows
# that it has none, after a step that only added a property. A good engineer expects the one or the other to be kept, or an error.
# Change such a file as JSON.
# Needs Python 3 with venv. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'cyclonedx-python-lib[json-validation]==11.12.0'

cat >probe.py <<'PY'
import json

from cyclonedx.model.bom import Bom
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

before = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
    "version": 1,
    "metadata": {"component": {"type": "container", "bom-ref": "image", "name": "driver"}},
    "components": [
        {"type": "library", "bom-ref": "library", "name": "library", "version": "1"},
        {
            "type": "machine-learning-model",
            "bom-ref": "model",
            "name": "model",
            "modelCard": {"considerations": {"technicalLimitations": ["not for medicine"]}},
        },
        {"type": "data", "bom-ref": "set", "name": "set", "data": [{"type": "dataset", "classification": "personal"}]},
    ],
    "dependencies": [{"ref": "image", "dependsOn": ["library"], "provides": ["model"]}],
    "compositions": [{"aggregate": "incomplete", "dependencies": ["library"]}],
    "annotations": [
        {
            "subjects": ["library"],
            "annotator": {"individual": {"name": "reviewer"}},
            "timestamp": "2026-11-01T00:00:00Z",
            "text": "not to be shipped",
        }
    ],
    "formulation": [{"workflows": [{"bom-ref": "build", "uid": "1", "taskTypes": ["build"]}]}],
    "declarations": {"affirmation": {"statement": "reviewed"}},
}
validator = JsonStrictValidator(SchemaVersion.V1_6)
written = JsonV1Dot6(Bom.from_json(before)).output_as_string()
for name, text in ("read", json.dumps(before)), ("written", written):
    print(f"{name}: {'valid' if validator.validate_str(text) is None else 'not valid'}")
after = json.loads(written)
print("gone:", *(name for name in before if name not in after))
components = {component["name"]: component for component in after["components"]}
for component in before["components"]:
    gone = [name for name in component if name not in components[component["name"]]]
    print(f"gone of {component['name']}:", *gone or ["nothing"])
print("dependencies read:", json.dumps(before["dependencies"]))
print("dependencies written:", json.dumps(after["dependencies"]))
PY
venv/bin/python -W error::UserWarning probe.py | tee seen
cmp seen - <<'SEEN'
read: valid
written: valid
gone: compositions annotations formulation declarations
gone of library: nothing
gone of model: modelCard
gone of set: data
dependencies read: [{"ref": "image", "dependsOn": ["library"], "provides": ["model"]}]
dependencies written: [{"dependsOn": ["library"], "ref": "image"}, {"ref": "library"}, {"ref": "model"}, {"ref": "set"}]
SEEN
echo 'as seen'
