#!/usr/bin/env bash
# packaging 26.4 and semver 3.1.2 (PyPI), seen 2026-11-28
#
# A tag with a number behind the version, 1.2.3-1 for an image that was built again, is newer than 1.2.3 to packaging, which reads it as a post-release,
# and older to semver, which reads a prerelease; so it is with -r1. Both take the tags without an error and agree on -rc.1, -alpha.1 and the
# like, which is what is tried. Of the same list of tags one tool deploys or keeps 1.2.3-1 as the latest, and the other 1.2.3, and a clean-up
# of "all but the newest" deletes what the other one chose. A good engineer expects packaging to refuse what is no version of Python's, as it
# refuses 1.2.3-alpine. Count up the last number of a version where both read it.
# Needs Python 3 with venv. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check packaging==26.4 semver==3.1.2
cat >probe.py <<'PY'
import semver
from packaging.version import InvalidVersion, Version

for tags in ["1.2.3", "1.2.3-rc.1"], ["1.2.3", "1.2.3-alpha.1"], ["1.2.3", "1.2.3-1"], ["1.2.3", "1.2.3-r1"], ["1.2.3", "1.2.3-alpine"]:
    try:
        latest = max(tags, key=Version)
    except InvalidVersion:
        latest = "an error"
    print(f"{' or '.join(tags)}: packaging {latest}, semver {max(tags, key=semver.Version.parse)}")
PY
venv/bin/python probe.py | tee seen
cmp seen - <<'SEEN'
1.2.3 or 1.2.3-rc.1: packaging 1.2.3, semver 1.2.3
1.2.3 or 1.2.3-alpha.1: packaging 1.2.3, semver 1.2.3
1.2.3 or 1.2.3-1: packaging 1.2.3-1, semver 1.2.3
1.2.3 or 1.2.3-r1: packaging 1.2.3-r1, semver 1.2.3
1.2.3 or 1.2.3-alpine: packaging an error, semver 1.2.3
SEEN
echo 'as seen'
