#!/usr/bin/env bash
# packageurl-js 2.0.1 (npm) and packageurl-python 0.17.6 (PyPI), seen 2026-11-28
#
# Both give a package URL in its "canonical" form, and not the same one: JavaScript encodes ":" and "/" in qualifiers, Python leaves them. So
# the purl of an image, which has its registry in `repository_url`, is not equal to itself where two SBOMs are joined by text. And
# JavaScript reads a plus sign as a space: `vcs_url=git+https://…`, as such URLs are written, is `git https://…` then.
# Needs Python 3 with venv, and npm. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check packageurl-python==0.17.6
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund packageurl-js@2.0.1

digest=sha256%3A$(printf 'a%.0s' {1..64})
image="pkg:oci/driver@$digest?repository_url=localhost:5000/kfp/driver"
source='pkg:generic/driver?vcs_url=git+https://example.test/driver.git'

cat >read.py <<'PY'
import sys
from packageurl import PackageURL
for text in sys.argv[1:]:
    purl = PackageURL.from_string(text)
    print(purl.to_string(), purl.qualifiers.get("vcs_url", ""))
PY
cat >read.mjs <<'JS'
import { PackageURL } from 'packageurl-js';
for (const text of process.argv.slice(2)) {
  const purl = PackageURL.fromString(text);
  console.log(purl.toString(), purl.qualifiers.vcs_url ?? '');
}
JS
python=$(venv/bin/python read.py "$image" "$source")
javascript=$(node read.mjs "$image" "$source")
printf 'Python:\n%s\nJavaScript:\n%s\n' "$python" "$javascript"

failed=0
contains() { [[ $1 == *"$2"* ]] || { echo "CHANGED: no $2" && failed=1; }; }
contains "$python" 'repository_url=localhost:5000/kfp/driver '
contains "$javascript" 'repository_url=localhost%3A5000%2Fkfp%2Fdriver '
contains "$python" ' git+https://example.test/driver.git'
contains "$javascript" ' git https://example.test/driver.git'
exit "$failed"
