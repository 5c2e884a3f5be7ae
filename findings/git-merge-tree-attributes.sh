#!/usr/bin/env bash
# git 2.39.5 (Debian 12), seen 2026-11-28
#
# `git merge-tree --write-tree A B`, which is said not to look at the working tree, merges by the .gitattributes that lie there: the same two
# commits merge to a tree while a branch that has `CHANGES merge=union` is checked out, and conflict while another one is, though both commits
# have that line, and in a bare repository always. So a server finds a conflict where `git merge` finds none, a check of pull requests answers
# by the branch that its checkout left behind, and a tree that was merged once is not merged again elsewhere. A good engineer expects the
# result to be made of the two commits alone. Give the attributes by core.attributesFile, or check A out first.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=$dir/gitconfig
git --version
git config --global user.name finding && git config --global user.email finding@example.test
git init --quiet --initial-branch old work
cd work
echo first >CHANGES
git add . && git commit --quiet -m 'without attributes'
git switch --quiet -c main
echo 'CHANGES merge=union' >.gitattributes
git add . && git commit --quiet -m 'with attributes'
for branch in A B; do
  git switch --quiet -c "$branch" main
  echo "of $branch" >>CHANGES
  git commit --quiet -am "$branch"
done
git clone --quiet --bare . ../bare.git
cp .gitattributes ../attributes

merge() { # REPOSITORY: what the merge of A and B holds
  local tree
  if tree=$(git -C "$1" merge-tree --write-tree A B); then git -C "$1" show "$tree:CHANGES" | paste -sd ' '; else echo "conflict ($?)"; fi
}
{
  git switch --quiet main && echo "main checked out: $(merge .)"
  git switch --quiet old && echo "old checked out:  $(merge .)"
  echo "bare repository:  $(merge ../bare.git)"
  git -C ../bare.git config core.attributesFile "$PWD/../attributes" && echo "told so:          $(merge ../bare.git)"
  git switch --quiet A && git merge --quiet -m merge B >../log && echo "git merge:        $(paste -sd ' ' CHANGES)"
} | tee ../seen
cmp ../seen - <<'END'
main checked out: first of A of B
old checked out:  conflict (1)
bare repository:  conflict (1)
told so:          first of A of B
git merge:        first of A of B
END
echo 'as seen'
