#!/usr/bin/env bash
# kfp 2.17.3 with protobuf 6.33.6 (PyPI), seen 2026-11-28
#
# A pipeline that is used as a step of another one is compiled right in some runs of the compiler and wrong in others, from the same source: where
# the outer pipeline calls `build` too, what the inner one says of `build` becomes build-2, and what it says of its own build-2 becomes build-2-2,
# for both of them if the first is renamed first. The order is that of a protobuf map, which differs from process to process. So a step of the
# inner pipeline runs with the environment and the limits of its neighbour (the same component called twice), or its image and command (functions
# `build` and `build_2`). No error, and the file is valid; compiled alone the inner pipeline is right. A good engineer expects one source to make
# one pipeline, and reviews or tests the one that was made. Give the functions and the calls of nested pipelines names that occur once.
# Needs Python 3 with venv. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check kfp==2.17.3 protobuf==6.33.6

cat >pipeline.py <<'PY'
import yaml
from kfp import compiler, dsl


@dsl.container_component
def train():
    return dsl.ContainerSpec(image="train")


@dsl.container_component
def build():
    return dsl.ContainerSpec(image="image-of-build")


@dsl.container_component
def build_2():
    return dsl.ContainerSpec(image="image-of-build-2")


@dsl.pipeline
def inner():
    train().set_env_variable("DATA", "small")
    train().set_env_variable("DATA", "large")
    build()
    build_2()


@dsl.pipeline
def outer():
    train().set_env_variable("DATA", "outer")
    build()
    inner()


compiler.Compiler().compile(outer, "pipeline.yaml")
spec = yaml.safe_load(open("pipeline.yaml"))
for name, task in sorted(spec["components"]["comp-inner"]["dag"]["tasks"].items()):
    executor = spec["components"][task["componentRef"]["name"]]["executorLabel"]
    container = spec["deploymentSpec"]["executors"][executor]["container"]
    print(f"{name}:", container["image"], *(variable["value"] for variable in container.get("env", [])))
PY
# Each compilation is a process of its own; the order differs in about half of them.
for _ in $(seq 16); do venv/bin/python -W ignore pipeline.py; done >runs
sort runs | uniq -c
sort -u runs >seen
cmp seen - <<'SEEN'
build-2: image-of-build-2
build: image-of-build
build: image-of-build-2
train-2: train large
train: train large
train: train small
SEEN
echo 'as seen'
