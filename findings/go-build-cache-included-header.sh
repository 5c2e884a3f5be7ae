#!/usr/bin/env bash
# go 1.26.8 (also a toolchain of the module proxy: golang.org/toolchain), seen 2026-11-27
#
# An assembly file of a package may include a header of another folder of its module (#include "../inc/v.h"). The build cache's key holds the
# files of the package's own folder only: after a change of the header `go build` gives the old program, with exit status 0, and `go list`
# calls the package fresh. `go build -a` gives the new one. A compile cache that is kept between builds keeps the fault.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
export GOPATH=$dir/gopath GOCACHE=$dir/gocache
go version
[ "$(go env GOARCH)" = amd64 ] || { echo 'written for amd64' && exit 1; }
mkdir -p inc
printf 'module example.com/probe\n\ngo 1.22\n' >go.mod
printf 'package main\n\nfunc value() int64\n\nfunc main() { println(value()) }\n' >main.go
printf '#include "textflag.h"\n#include "inc/v.h"\n\nTEXT ·value(SB), NOSPLIT, $0-8\n\tMOVQ $VALUE, ret+0(FP)\n\tRET\n' >value_amd64.s
build() { go build "$@" -o program . && ./program 2>&1; }
printf '#define VALUE 1\n' >inc/v.h
first=$(build)
printf '#define VALUE 2\n' >inc/v.h
second=$(build)
all=$(build -a)
echo "VALUE 1: $first; VALUE 2: $second; VALUE 2 with -a: $all"
[ "$first $second $all" = '1 1 2' ]
echo 'as seen'
