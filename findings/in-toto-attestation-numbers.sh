#!/usr/bin/env bash
# in-toto-attestation 0.9.3 with protobuf 7.36.2 (PyPI), seen 2026-11-28
#
# in-toto's own Python types read a statement and write another one: a predicate is a google.protobuf.Struct, which knows no integers. So
# 1 comes back as 1.0, an id above 2^53 as another number (9007199254740993 as 9007199254740992.0), and the order of fields varies from one
# run to the next. What was signed cannot be made again from what was read: verify the bytes of the envelope, and take numbers from them too.
# Needs Python 3 with venv. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check in-toto-attestation==0.9.3 protobuf==7.36.2

venv/bin/python - <<'PY'
import json
import sys
from google.protobuf import json_format
from in_toto_attestation.v1 import statement_pb2

signed = json.dumps({
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [{"name": "driver", "digest": {"sha256": "a" * 64}}],
    "predicateType": "https://example.test/build/v1",
    "predicate": {"runId": 9007199254740993, "attempt": 1},
})
read = json_format.Parse(signed, statement_pb2.Statement())
written = json_format.MessageToJson(read, indent=None)
print("signed: ", signed[signed.index('"predicate":'):])
print("written:", written[written.index('"predicate":'):])
predicate = json_format.MessageToDict(read)["predicate"]
as_seen = (
    type(predicate["attempt"]) is float
    and int(predicate["runId"]) == 9007199254740992
    and '"attempt": 1.0' in written
    and "9007199254740993" not in written
)
print("as seen" if as_seen else "CHANGED")
sys.exit(0 if as_seen else 1)
PY
