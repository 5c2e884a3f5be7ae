#!/usr/bin/env bash
# tarfile of Python 3.11.7 and 3.13.0, seen 2026-11-28
#
# `TarFile.add(…, filter=…)` notes a file as archived before the filter is asked. So where the filter leaves a file out, or gives it another name,
# a second hard link to it is written as a link to a name that is not in the archive: no error, and the content is nowhere. A layer that is made of
# a folder without its cache, or under another prefix, then lacks files, which is seen when it is unpacked, by an error, or never where
# links that lead nowhere are passed over. Git's commands, Perl and caches of models are such links. A good engineer expects
# the second link to be the file then, as GNU tar's --exclude makes it. Leave out whole folders, which works, or add with `dereference=True`.
# Needs Python 3, GNU tar. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir -p app/bin app/cache
echo weights >app/bin/model.tmp
ln app/bin/model.tmp app/cache/model

cat >pack.py <<'PY'
import sys
import tarfile


def leave_out(entry):
    return None if entry.name.endswith(".tmp") else entry


def rename(entry):
    entry.name = "opt/" + entry.name
    return entry


for name, chosen in ("leave-out", leave_out), ("rename", rename):
    with tarfile.open(f"{name}.tar", "w") as archive:
        archive.add("app", filter=chosen)
PY
python3 pack.py
tar --create --file gnu-leave-out.tar --sort=name --exclude='*.tmp' app
for archive in leave-out rename gnu-leave-out; do
  mkdir $archive
  tar --extract --file $archive.tar --directory $archive 2>/dev/null && status=0 || status=$?
  echo "$archive: $(tar --list --verbose --file $archive.tar | grep -o '[^ ]*model.*' | paste -sd, | sed 's/,/, /g'); unpacking: $status"
  cat $archive/app/cache/model $archive/opt/app/cache/model 2>/dev/null || true
done | tee seen
cmp seen - <<'SEEN'
leave-out: app/cache/model link to app/bin/model.tmp; unpacking: 2
rename: opt/app/bin/model.tmp, opt/app/cache/model link to app/bin/model.tmp; unpacking: 2
gnu-leave-out: app/cache/model; unpacking: 0
weights
SEEN
echo 'as seen'
