#!/usr/bin/env bash
# sbomdiff 0.6.0 with lib4sbom 0.10.4 (PyPI), seen 2026-11-28
#
# It compares two SBOMs by the packages' names, and of several packages of one name it looks at the first alone. A Node image has most of its names
# more than once, in several versions: where debug 2.6.9 stays and debug 4.3.4 becomes 4.4.0, or is taken out, sbomdiff says that nothing
# changed, with exit status 0; where the order of the file changes and nothing else, it says that a version did, with status 1. A
# good engineer expects a list of versions for each name, or a comparison by purl, and tries it with names that occur once.
# Needs Python 3 with venv. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check sbomdiff==0.6.0 lib4sbom==0.10.4

# A valid CycloneDX SBOM of packages NAME@VERSION.
sbom() {
  local each components=()
  for each in "${@:2}"; do
    components+=("{\"type\": \"library\", \"bom-ref\": \"$each\", \"name\": \"${each%@*}\", \"version\": \"${each#*@}\", \"purl\": \"pkg:npm/$each\"}")
  done
  (
    IFS=,
    echo "{\"bomFormat\": \"CycloneDX\", \"specVersion\": \"1.6\", \"version\": 1, \"components\": [${components[*]}]}"
  ) >"$1.cdx.json"
}
sbom before debug@2.6.9 debug@4.3.4 ms@2.1.2
sbom updated debug@2.6.9 debug@4.4.0 ms@2.1.2
sbom removed debug@2.6.9 ms@2.1.2
sbom reordered debug@4.3.4 debug@2.6.9 ms@2.1.2
for after in updated removed reordered; do
  status=0
  changes=$(venv/bin/sbomdiff before.cdx.json $after.cdx.json) || status=$?
  echo "$after: status $status; $(grep -E '^\[|changes:|packages:' <<<"$changes" | tr -s ' \n' ' ')"
done | tee seen
cmp seen - <<'SEEN'
updated: status 0; Version changes: 0 License changes: 0 Removed packages: 0 New packages: 0 
removed: status 0; Version changes: 0 License changes: 0 Removed packages: 0 New packages: 0 
reordered: status 1; [VERSION] debug: Version changed from 2.6.9 to 4.3.4 Version changes: 1 License changes: 0 Removed packages: 0 New packages: 0 
SEEN
echo 'as seen'
