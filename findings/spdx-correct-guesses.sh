#!/usr/bin/env bash
# spdx-correct 3.2.0 (npm, Node.js 24.21.0), seen 2026-11-28
#
# It makes an SPDX identifier of what a package says of its licence, and null of what it does not know, as its documentation shows. But any text
# that has the letters of a short one somewhere is taken for that licence: "Acme Limited" is MIT, for LIMITED has MIT in it, and so are
# "Permitted use only" and "Committers only"; "Unlimited" is the Unlicense. What takes rights away is dropped: "Apache-2.0 with Commons Clause"
# and "FSL-1.1-Apache-2.0" are Apache-2.0, "not GPL" is GPL-3.0-or-later. An SBOM or a list of notices that is filled in this way names a free
# licence for a package that has none. A good engineer expects null, and sees it for most texts that are tried. Take an answer only where
# spdx-expression-parse takes the text as it is, or where the text is in a list of one's own.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 spdx-correct@3.2.0 >/dev/null

cat >probe.cjs <<'JS'
const correct = require('spdx-correct');
for (const said of [
  'Apache 2',
  'No idea what license',
  'Acme Ltd., all rights reserved',
  'Acme Limited, all rights reserved',
  'Permitted use only',
  'Committers only',
  'Unlimited',
  'Apache-2.0 with Commons Clause',
  'FSL-1.1-Apache-2.0',
  'not GPL',
])
  console.log(`${said}: ${correct(said)}`);
JS
node_modules/.bin/node probe.cjs | tee seen
cmp seen - <<'END'
Apache 2: Apache-2.0
No idea what license: null
Acme Ltd., all rights reserved: null
Acme Limited, all rights reserved: MIT
Permitted use only: MIT
Committers only: MIT
Unlimited: Unlicense
Apache-2.0 with Commons Clause: Apache-2.0
FSL-1.1-Apache-2.0: Apache-2.0
not GPL: GPL-3.0-or-later
END
echo 'as seen'
