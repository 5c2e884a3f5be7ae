#!/usr/bin/env bash
# podman-compose 1.6.0 (PyPI), seen 2026-11-28
#
# Variables of a Compose file come from the shell and from .env, by the Compose specification; `environment` of a service is for its container.
# podman-compose takes what stands in a service's `environment` too, for that service alone: its `image: app:${VERSION:-stable}` and its build
# arguments are the container's VERSION, where docker compose takes "stable". So the same file builds and starts another image, one service
# differs from its neighbour with the same line, and as soon as the shell has VERSION, both are that again. No word about it. A good engineer
# expects the two to agree on which image a file names. Give the variable of the container another name than the one of the tag.
# Needs Python 3 with venv; podman itself is only asked for its version, which a stand-in says. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check podman-compose==1.6.0
printf '#!/bin/sh\necho podman version 5.6.0\n' >podman
chmod +x podman

cat >compose.yaml <<'YAML'
services:
  one:
    image: registry.example/app:${VERSION:-stable}
    build: {context: ., args: {BASE: "base:${VERSION:-stable}"}}
    environment: {VERSION: debug}
  two:
    image: registry.example/app:${VERSION:-stable}
YAML
config() { venv/bin/podman-compose --podman-path ./podman config | grep -E '^  [a-z]|image:|BASE'; }
{
  echo 'VERSION not set:'
  config
  echo 'VERSION=1.2:'
  VERSION=1.2 config
} | tee seen
cmp seen - <<'SEEN'
VERSION not set:
  one:
      - BASE=base:debug
    image: registry.example/app:debug
  two:
    image: registry.example/app:stable
VERSION=1.2:
  one:
      - BASE=base:1.2
    image: registry.example/app:1.2
  two:
    image: registry.example/app:1.2
SEEN
echo 'as seen'
