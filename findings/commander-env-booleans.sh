#!/usr/bin/env bash
# commander 15.1.0 (npm, Node.js 24.21.0), click 8.4.2 (PyPI) to compare, seen 2026-11-28
#
# An option without a value that may also come from the environment (`new Option('--dry-run').env('DRY_RUN')`) is on as soon as the variable is
# there, whatever it says: DRY_RUN=false, DRY_RUN=0 and DRY_RUN= switch it on, and `--no-cache` with CACHE=true switches the cache off. GitHub's
# workflows, Compose and charts hand an unset input on as just such an empty variable. A good engineer expects "false" to mean no, as click, clap
# and viper take it; options with a value (`.env('PORT')`) do take what the variable says. Read such variables with an argParser and a value.
# Needs Python 3 with venv, and npm. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check click==8.4.2
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 commander@15.1.0 >/dev/null

cat >options.mjs <<'JS'
import { Command, Option } from 'commander';
const program = new Command()
  .addOption(new Option('--dry-run').env('DRY_RUN'))
  .addOption(new Option('--no-cache').env('CACHE'))
  .parse([], { from: 'user' });
console.log(JSON.stringify(program.opts()));
JS
cat >options.py <<'PY'
import json
import click
@click.command()
@click.option("--dry-run", is_flag=True, envvar="DRY_RUN")
@click.option("--cache/--no-cache", default=True, envvar="CACHE")
def main(**options):
    print(json.dumps(options))
main()
PY
for value in true false 0 ''; do
  export DRY_RUN=$value CACHE=$value
  echo "'$value': commander $(node_modules/.bin/node options.mjs) click $(venv/bin/python options.py)"
done | tee seen
cmp seen - <<'END'
'true': commander {"cache":false,"dryRun":true} click {"dry_run": true, "cache": true}
'false': commander {"cache":false,"dryRun":true} click {"dry_run": false, "cache": false}
'0': commander {"cache":false,"dryRun":true} click {"dry_run": false, "cache": false}
'': commander {"cache":false,"dryRun":true} click {"dry_run": false, "cache": true}
END
echo 'as seen'
