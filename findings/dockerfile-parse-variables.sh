#!/usr/bin/env bash
# dockerfile-parse 2.0.1 (PyPI), seen 2026-11-28
#
# It fills in variables and gives base images that no builder would look for, without an error: of `${V:-3}` the name is the value's and
# `:-3}` stays behind it, an ARG that is made of another ARG is not filled in, and a line of a here-document that begins with FROM is a stage.
# Who pins, mirrors or scans the base images of valid Dockerfiles by `parent_images` so asks for others. The quiet part is the surprise:
# `${V}` and `$V` are right, so that it looks as if the Dockerfile's own rules were followed.
# Needs Python 3 with venv. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check dockerfile-parse==2.0.1

venv/bin/python - <<'PY'
import io
import sys
from dockerfile_parse import DockerfileParser


def bases(text):
    parser = DockerfileParser(fileobj=io.BytesIO())
    parser.content = text
    return parser.parent_images


seen = [
    bases("ARG V=3\nFROM alpine:${V}\n"),
    bases("ARG V=3\nFROM alpine:${V:-2}\n"),
    bases("FROM alpine:${V:-2}\n"),
    bases("ARG V=3\nARG W=${V}.1\nFROM alpine:$W\n"),
    bases("FROM alpine\nRUN <<END\nFROM is a word of SQL, too\nEND\n"),
]
for each in seen:
    print(each)
as_seen = seen == [
    ["alpine:3"],
    ["alpine:3:-2}"],
    ["alpine::-2}"],
    ["alpine:${V}.1"],
    ["alpine", "is"],
]
print("as seen" if as_seen else "CHANGED")
sys.exit(0 if as_seen else 1)
PY
