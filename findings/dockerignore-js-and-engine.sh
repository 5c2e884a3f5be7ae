#!/usr/bin/env bash
# @balena/dockerignore 1.0.2 and github.com/moby/patternmatcher 0.6.1 (what the Docker engine uses), seen 2026-11-27
#
# The same .dockerignore rule, two answers:
#   - `**foo` leaves `barfoo` out for the engine (`**` may end within a name), not for the package;
#   - `Build` leaves `build` out for the package, unless `ignorecase: false` is given; the engine tells them apart.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
mkdir "$dir/probe"
cd "$dir/probe"
export GOPATH=$dir/gopath GOCACHE=$dir/gocache
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @balena/dockerignore@1.0.2
go mod init example.com/probe 2>/dev/null
go get github.com/moby/patternmatcher@v0.6.1 2>/dev/null

cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/moby/patternmatcher"
)

func main() {
	for i := 1; i < len(os.Args); i += 2 {
		out, err := patternmatcher.MatchesOrParentMatches(os.Args[i+1], []string{os.Args[i]})
		fmt.Println(os.Args[i], os.Args[i+1], out, err)
	}
}
GO
cat >probe.cjs <<'JS'
const dockerignore = require('@balena/dockerignore');
const [, , ...args] = process.argv;
for (let i = 0; i < args.length; i += 2) {
  console.log(args[i], args[i + 1], dockerignore().add(args[i]).ignores(args[i + 1]), '<nil>');
}
JS
rules=('**foo' barfoo Build build)
echo 'rule path left-out (engine)'
go run . "${rules[@]}" | tee engine
echo 'rule path left-out (package)'
node probe.cjs "${rules[@]}" | tee package
printf '%s\n' '**foo barfoo true <nil>' 'Build build false <nil>' | cmp - engine
printf '%s\n' '**foo barfoo false <nil>' 'Build build true <nil>' | cmp - package
echo 'as seen'
