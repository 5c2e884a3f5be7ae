# On a fresh Debian or Ubuntu machine with Node, npm and root: `make demo` and `make test`.
# script/engine finds a Docker engine or, as root, sets up a private one that it stops again.

.PHONY: help demo test faults test-cluster lint bench build clean

# Tests run make themselves: they must not take it for a part of this one.
outside := env -u MAKELEVEL -u MAKEFLAGS -u MFLAGS

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: node_modules/.package-lock.json ## the whole job on a small fork: keyword, plan, builds, bind, push, report
	@$(outside) script/engine run -- npm run --silent demo

test: node_modules/.package-lock.json ## every test, with a real engine and a real registry
	@$(outside) script/engine run -- npm test

faults: node_modules/.package-lock.json ## seeded faults, signals, deaths and races against real registries
	@$(outside) script/engine run -- npm run --silent faults

test-cluster: node_modules/.package-lock.json ## deploys, against a real Kubernetes API server (needs Go)
	@$(outside) script/engine run -- script/cluster run -- npx vitest run --config vitest.cluster.config.ts

lint: node_modules/.package-lock.json ## types, lint rules, formatting
	@npm run --silent typecheck
	@npm run --silent lint

bench: node_modules/.package-lock.json ## speed, as ratios against the peers in the same run
	@$(outside) script/engine run -- npm run --silent bench

build: node_modules/.package-lock.json ## bundle src/ into dist/
	@npm run --silent build

clean: ## remove installed packages
	rm -rf node_modules

node_modules/.package-lock.json: package.json package-lock.json
	@script/packages
