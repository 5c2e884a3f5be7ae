#!/usr/bin/env bash
# tar 7.5.23 and tar-stream 3.2.2 (npm, Node.js 24.21.0), seen 2026-11-28
#
# A file with holes, as `tar --sparse --format=posix` writes it and as bsdtar, which is macOS' tar, writes each such file unasked, comes out
# under another name and with other content: GNUSparseFile.NUMBER/disk holds a list of numbers and then the parts that are no holes. No error and
# no warning; of a file in GNU's own older form tar-stream gives the parts alone, and tar nothing. An image's layer or an artifact of disks,
# databases or linked programs made on a Mac so is wrong after a step in Node. Python's tarfile and Go's archive/tar give the file. A good
# engineer expects that too, or a refusal. Look for GNU.sparse in an entry's pax headers, and for entries whose type tar-stream calls null.
# Needs GNU tar, Python 3, a file system with holes, and npm. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 tar@7.5.23 tar-stream@3.2.2 >/dev/null

truncate --size 3M disk
printf data | dd of=disk bs=1 seek=1M conv=notrunc status=none
for format in posix gnu; do tar --sparse --format=$format --create --file $format.tar disk; done

cat >read.mjs <<'JS'
import { createReadStream, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { extract as unpack } from 'tar';
import { extract } from 'tar-stream';

const name = (path) => path.replace(/^\.\//, '').replace(/GNUSparseFile\.\d+/, 'GNUSparseFile.NUMBER');
for (const format of ['posix', 'gnu']) {
  mkdirSync(format);
  const warnings = [];
  await unpack({ file: `${format}.tar`, cwd: format, onwarn: (code) => warnings.push(code) });
  const files = readdirSync(format, { recursive: true }).filter((file) => statSync(join(format, file)).isFile());
  console.log(`${format}, tar: ${files.map((file) => `${name(file)} ${statSync(join(format, file)).size}`).join() || 'nothing'}${warnings.map((code) => `, ${code}`)}`);
  for await (const entry of createReadStream(`${format}.tar`).pipe(extract())) {
    let size = 0;
    for await (const chunk of entry) size += chunk.length;
    console.log(`${format}, tar-stream: ${name(entry.header.name)} ${size}, ${entry.header.type}`);
  }
}
JS
cat >read.py <<'PY'
import tarfile
for format in ["posix", "gnu"]:
    for member in (archive := tarfile.open(f"{format}.tar")):
        print(f"{format}, tarfile: {member.name} {len(archive.extractfile(member).read())}")
PY
{
  node_modules/.bin/node read.mjs
  python3 read.py
} | tee seen
cmp seen - <<'END'
posix, tar: GNUSparseFile.NUMBER/disk 4608
posix, tar-stream: GNUSparseFile.NUMBER/disk 4608, file
gnu, tar: nothing
gnu, tar-stream: disk 4096, null
posix, tarfile: disk 3145728
gnu, tarfile: disk 3145728
END
echo 'as seen'
