#!/usr/bin/env bash
# github.com/nektos/act 0.2.89 (Go) and @actions/expressions 0.3.61 (npm, GitHub's own), seen 2026-11-28
#
# The same expression of a workflow, two values, and an error from neither: the filter `.*` over an object, which GitHub documents with an
# object, gives act a null for each entry; over an array act keeps a null for each object that lacks the field, GitHub leaves it out; an index that
# is a number in quotes gives act an array of nulls; and toJSON writes `&`, `<` and `>` as escapes and puts fields in another order. So a workflow that
# was tried with act takes the other branch of an `if`, or another matrix, on GitHub: what a good engineer uses act to find out.
# Needs Go, and npm. Exit 0: as described; 1: behaves otherwise now. Compiles for some minutes.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
mkdir "$dir/probe"
cd "$dir/probe"
export GOPATH=$dir/gopath GOCACHE=$dir/gocache CGO_ENABLED=0
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 @actions/expressions@0.3.61 >/dev/null
go mod init example.com/probe 2>/dev/null
go get github.com/nektos/act/pkg/exprparser@v0.2.89 2>/dev/null

cat >main.go <<'GO'
package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/nektos/act/pkg/exprparser"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		environment := &exprparser.EvaluationEnvironment{}
		value, err := exprparser.NewInterpeter(environment, exprparser.Config{}).Evaluate(lines.Text(), exprparser.DefaultStatusCheckNone)
		if err != nil {
			value = err
		}
		fmt.Println(value)
	}
}
GO
cat >probe.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { data, Evaluator, Lexer, Parser } from '@actions/expressions';
for (const line of readFileSync(0, 'utf8').trim().split('\n')) {
  const value = new Evaluator(new Parser(new Lexer(line).lex().tokens, [], []).parse(), new data.Dictionary()).evaluate();
  console.log(value.coerceString());
}
JS
cat >expressions <<'END'
join(fromJSON('{"one":{"id":1},"two":{"id":2}}').*.id, '+')
contains(fromJSON('{"one":{"id":1},"two":{"id":2}}').*.id, 2)
format('{0}', contains(fromJSON('[{"id":1},{"name":"x"}]').*.id, null))
format('{0}', fromJSON('["a","b"]')['1'] == 'b')
toJSON('a && b')
join(fromJSON('["same",1.50,true]'), ' ')
END
go run . <expressions >act
node_modules/.bin/node probe.mjs <expressions >github
paste -d '|' expressions github act | sed 's/|/\n  GitHub: /; s/|/\n  act:    /'
cmp github - <<'END'
1+2
true
false
true
"a && b"
same 1.5 true
END
cmp act - <<'END'
+
false
true
false
"a \u0026\u0026 b"
same 1.5 true
END
echo 'as seen'
