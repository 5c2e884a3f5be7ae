#!/usr/bin/env bash
# sbommerge 0.2.0 with lib4sbom 0.10.4 (PyPI), seen 2026-11-28
#
# Two images' SBOMs, each with debug and ms in a version of its own, become one that lists all four and whose dependency graph knows one version of
# each name, the second file's: that debug 2.6.9 needs ms 2.0.0 is gone, and nothing leads to either, as edges are kept by name. Who asks the
# graph why ms 2.0.0 is in there, or follows it for what an application really needs, finds nothing. No word of it; the summary counts four
# merged. A good engineer expects edges by bom-ref, which is what the file has them by, and looks at the list of components, which is right.
# Merge with cyclonedx-cli, or keep one SBOM for each image.
# Needs Python 3 with venv. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check sbommerge==0.2.0 lib4sbom==0.10.4

cat >probe.py <<'PY'
import json
import subprocess


def sbom(root, debug, ms):
    """An application that needs debug, which needs ms."""
    debug, ms = f"pkg:npm/debug@{debug}", f"pkg:npm/ms@{ms}"
    parts = [(ref, *ref.removeprefix("pkg:npm/").split("@")) for ref in (debug, ms)]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": root, "name": root, "version": "1"}},
        "components": [{"type": "library", "bom-ref": ref, "purl": ref, "name": name, "version": version} for ref, name, version in parts],
        "dependencies": [{"ref": root, "dependsOn": [debug]}, {"ref": debug, "dependsOn": [ms]}],
    }
    with open(f"{root}.cdx.json", "w") as file:
        json.dump(document, file)


sbom("driver", "2.6.9", "2.0.0")
sbom("launcher", "4.3.4", "2.1.2")
subprocess.run(
    ["venv/bin/sbommerge", "--sbom-type", "cyclonedx", "--output-file", "merged.json", "driver.cdx.json", "launcher.cdx.json"],
    stdout=subprocess.DEVNULL,
)
with open("merged.json") as file:
    merged = json.load(file)
print("components:", *sorted(component["bom-ref"] for component in merged["components"] if component["bom-ref"].startswith("pkg:")))
for dependency in merged["dependencies"]:
    needed = sorted(ref for ref in dependency["dependsOn"] if ref.startswith("pkg:"))
    if needed:
        print(dependency["ref"] if dependency["ref"].startswith("pkg:") else "what was merged", "needs", *needed)
PY
venv/bin/python probe.py | tee seen
cmp seen - <<'SEEN'
components: pkg:npm/debug@2.6.9 pkg:npm/debug@4.3.4 pkg:npm/ms@2.0.0 pkg:npm/ms@2.1.2
pkg:npm/debug@4.3.4 needs pkg:npm/ms@2.1.2
what was merged needs pkg:npm/debug@4.3.4 pkg:npm/ms@2.1.2
SEEN
echo 'as seen'
