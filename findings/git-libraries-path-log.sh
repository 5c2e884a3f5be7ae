#!/usr/bin/env bash
# isomorphic-git 1.44.19 (npm, Node.js 24.21.0) and github.com/go-git/go-git/v5 5.19.3, seen 2026-11-28
#
# The log of one file, as asked to learn which commit last changed a Dockerfile. Both libraries walk all commits in one row and call a commit a change
# when its file differs from the next one's in that row, be that its parent or not. Where two branches that have the file in two versions lie side
# by side in time, each commit of either is a change, though none touched the file: here six instead of two, and "the last one" is about notes.
# Tests with a straight history see nothing. A good engineer expects what `git log -- FILE` gives. isomorphic-git's `depth: 1` gives two commits
# besides. Compare the file with the one of each parent, or ask git.
# Needs git, Go, and npm. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

git init --quiet --initial-branch=main history
at() {
  GIT_AUTHOR_DATE=2026-01-0$1T00:00:00Z GIT_COMMITTER_DATE=2026-01-0$1T00:00:00Z \
    git -C history -c user.name=tester -c user.email=tester@example.test "${@:2}" >/dev/null
}
echo 'FROM one' >history/Dockerfile
git -C history add Dockerfile
at 1 commit --message '1 Dockerfile'
git -C history branch side
echo 'FROM two' >history/Dockerfile
at 2 commit --all --message '2 Dockerfile'
for day in 3 4 5 6; do
  [[ $day == [35] ]] && git -C history switch --quiet side || git -C history switch --quiet main
  echo "$day" >history/notes-$day
  git -C history add .
  at $day commit --message "$day notes"
done
at 7 merge --no-ff --message '7 merge' side

npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 isomorphic-git@1.44.19 >/dev/null
cat >log.mjs <<'JS'
import fs from 'node:fs';
import git from 'isomorphic-git';
const log = async (options) => (await git.log({ fs, dir: 'history', filepath: 'Dockerfile', ...options })).map((entry) => entry.commit.message.trim());
console.log('isomorphic-git:', (await log({})).join(', '));
console.log('isomorphic-git, depth 1:', (await log({ depth: 1 })).join(', '));
JS
mkdir go
cat >go/go.mod <<'MOD'
module finding

go 1.25
MOD
cat >go/main.go <<'GO'
package main

import (
	"fmt"
	"strings"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	file := "Dockerfile"
	repository := must(git.PlainOpen("../history"))
	commits := must(repository.Log(&git.LogOptions{FileName: &file, Order: git.LogOrderCommitterTime}))
	var messages []string
	_ = commits.ForEach(func(commit *object.Commit) error {
		messages = append(messages, strings.TrimSpace(commit.Message))
		return nil
	})
	fmt.Println("go-git, by time:", strings.Join(messages, ", "))
}
GO
(cd go && go get github.com/go-git/go-git/v5@v5.19.3 2>/dev/null && go build -o ../go-log .)
{
  git -C history log --format=%s -- Dockerfile | paste -sd, | sed 's/^/git: /; s/,/, /g'
  node_modules/.bin/node log.mjs
  (cd go && ../go-log)
} | tee seen
cmp seen - <<'SEEN'
git: 2 Dockerfile, 1 Dockerfile
isomorphic-git: 6 notes, 5 notes, 4 notes, 3 notes, 2 Dockerfile, 1 Dockerfile
isomorphic-git, depth 1: 6 notes, 5 notes
go-git, by time: 6 notes, 5 notes, 4 notes, 3 notes, 2 Dockerfile, 1 Dockerfile
SEEN
echo 'as seen'
