#!/usr/bin/env bash
# spdx-tools 0.8.5 (PyPI, the SPDX project's own), seen 2026-11-28
#
# An SBOM that is read and written again, nothing changed in between, says `referenceCategory: PACKAGE_MANAGER` where it said PACKAGE-MANAGER, as
# the text of SPDX 2.3 has it. The schema allows both, so validators are content; who looks for purls by category finds
# none afterwards. Licences are written in other words too: GPL-2.0+ comes back as GPL-2.0-or-later. A good engineer expects the value that
# was read, and a digest or a signature of the SBOM does not survive such a step anyway.
# Needs Python 3 with venv. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check spdx-tools==0.8.5 license-expression==30.4.4

venv/bin/python - <<'PY'
import json
import sys
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
from spdx_tools.spdx.writer.write_anything import write_file

reference = {
    "referenceCategory": "PACKAGE-MANAGER",
    "referenceType": "purl",
    "referenceLocator": "pkg:golang/golang.org/x/mod@v0.30.0",
}
package = {
    "name": "golang.org/x/mod",
    "SPDXID": "SPDXRef-mod",
    "downloadLocation": "NOASSERTION",
    "filesAnalyzed": False,
    "licenseDeclared": "GPL-2.0+",
    "externalRefs": [reference],
}
document = {
    "spdxVersion": "SPDX-2.3",
    "dataLicense": "CC0-1.0",
    "SPDXID": "SPDXRef-DOCUMENT",
    "name": "driver",
    "documentNamespace": "https://example.test/driver",
    "creationInfo": {"created": "2026-01-02T03:04:05Z", "creators": ["Tool: finding"]},
    "packages": [package],
    "relationships": [
        {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-mod"}
    ],
}
json.dump(document, open("read.spdx.json", "w"))
parsed = parse_file("read.spdx.json")
messages = validate_full_spdx_document(parsed)
write_file(parsed, "written.spdx.json")
written = json.load(open("written.spdx.json"))["packages"][0]
print("what the validator says of it:", messages)
print("read:   ", reference["referenceCategory"], package["licenseDeclared"])
print("written:", written["externalRefs"][0]["referenceCategory"], written["licenseDeclared"])
as_seen = (
    messages == []
    and written["externalRefs"][0]["referenceCategory"] == "PACKAGE_MANAGER"
    and written["licenseDeclared"] == "GPL-2.0-or-later"
)
print("as seen" if as_seen else "CHANGED")
sys.exit(0 if as_seen else 1)
PY
