#!/usr/bin/env bash
# bytes 3.1.2 (npm; what body-parser, and so Express, reads sizes with), seen 2026-11-28
#
# A size whose unit it does not know is taken for bytes, and what stands behind the digits is dropped: "512Mi" and "10Gi", as Kubernetes writes
# them, are 512 and 10 bytes, so are "512m" and "10g", as Docker's --memory and --shm-size have them, and "1.5Gi" is 1. "10GB" is right, which
# is what is tried. A limit taken over from a manifest or from `docker run` so is a million times too small, or more: every upload is too
# large, a cache is emptied at once. A good engineer expects null, which it gives for "ten", or the binary units. Let
# /^[\d.]+ *([kmgtp]?b)?$/i check the text first.
# Needs npm. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund bytes@3.1.2 >/dev/null

cat >probe.mjs <<'JS'
import bytes from 'bytes';
for (const text of ['10GB', '512Mi', '1.5Gi', '512m', '10g', '10 GiB', '1e9', 'ten']) console.log(`${text}: ${bytes.parse(text)}`);
JS
node probe.mjs | tee seen
cmp seen - <<'SEEN'
10GB: 10737418240
512Mi: 512
1.5Gi: 1
512m: 512
10g: 10
10 GiB: 10
1e9: 1
ten: null
SEEN
echo 'as seen'
