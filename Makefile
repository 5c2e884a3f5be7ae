# On a fresh Debian or Ubuntu machine with Node, npm and root: `make demo` and `make test`.
# script/engine finds a Docker engine or, as root, sets up a private one that it stops again.

.PHONY: help demo test test-containerd faults random test-dockerfile test-cluster test-kfp test-registries test-builders test-matrix replay lint bench bundle clean

# Tests run make themselves: they must not take it for a part of this one.
outside := env -u MAKELEVEL -u MAKEFLAGS -u MFLAGS

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: node_modules/.package-lock.json ## the whole job on a small fork: keyword, plan, builds, bind, push, report
	@$(outside) script/engine run -- npm run --silent demo

test: node_modules/.package-lock.json ## every test, with a real engine and a real registry
	@$(outside) script/engine run -- npm test

test-containerd: node_modules/.package-lock.json ## what depends on the image store, on containerd's: a private engine (needs root)
	@$(outside) script/engine run --store containerd -- npx vitest run __tests__/builder __tests__/run/secretsOfFailure.integration.test.ts

faults: node_modules/.package-lock.json ## seeded faults, signals, deaths and races against real registries
	@$(outside) script/engine run -- npm run --silent faults

random: node_modules/.package-lock.json ## random Dockerfiles, scripts and trees, by us and by docker build: SEED=1, REPOSITORIES=2
	@KFP_IMAGES_RANDOM_SEED="$(or $(SEED),1)" KFP_IMAGES_RANDOM_REPOSITORIES="$(or $(REPOSITORIES),2)" $(outside) script/engine run -- npx vitest run --config vitest.random.config.mts

test-dockerfile: node_modules/.package-lock.json ## what Dockerfiles read, against BuildKit's own frontend: FOLDER=…, COUNT=10000, SEED=1 (needs Go)
	@node script/ts.mjs __tests__/dockerfile/checkBuildKit.ts "$(FOLDER)" "$(or $(COUNT),10000)" "$(or $(SEED),1)"

test-cluster: node_modules/.package-lock.json ## deploys, against a real Kubernetes API server (needs Go)
	@$(outside) script/engine run -- script/cluster run -- npm run --silent test:cluster

test-kfp: node_modules/.package-lock.json ## what runs name after a deploy, by a real KFP API server: KFP_APISERVER=FILE (needs Go)
	@script/kfp check && $(outside) script/cluster run -- script/kfp run -- npx vitest run --config vitest.kfp.config.mts

test-registries: node_modules/.package-lock.json ## against every registry that can be compiled or is given: ZOT=FILE, OLAREG=FILE, SEEDS=20, FROM=1, ROUNDS=3, HISTORIES=5, ONLY=NAME (needs Go)
	@KFP_IMAGES_REGISTRY_SEEDS="$(or $(SEEDS),20)" KFP_IMAGES_REGISTRY_FROM="$(or $(FROM),1)" KFP_IMAGES_REGISTRY_ROUNDS="$(or $(ROUNDS),3)" KFP_IMAGES_REGISTRY_HISTORIES="$(or $(HISTORIES),5)" KFP_IMAGES_REGISTRY_ONLY="$(ONLY)" $(outside) script/engine run -- script/registries run -- npx vitest run --config vitest.registries.config.mts $(if $(ONLY),registries/registries registries/seeds registries/histories)

test-builders: node_modules/.package-lock.json ## builds by buildkitd, remote and in a container: BUILDKIT=v0.13.2, BUILDX=v0.13.1, else the newest and docker's own (needs Go and root)
	@KFP_IMAGES_BUILDKIT_VERSION="$(BUILDKIT)" KFP_IMAGES_BUILDX_VERSION="$(BUILDX)" $(outside) script/engine run -- script/builders run -- npx vitest run --config vitest.builders.config.mts

test-matrix: node_modules/.package-lock.json ## rounds of a matrix of jobs, killed, late, twice, of another commit: SEEDS=300, FROM=1 (needs Go and root)
	@KFP_IMAGES_MATRIX_SEEDS="$(or $(SEEDS),300)" KFP_IMAGES_MATRIX_FROM="$(or $(FROM),1)" $(outside) script/engine run -- script/builders run -- npx vitest run --config vitest.builders.config.mts --reporter verbose --testTimeout 3600000 --hookTimeout 3600000 builders/matrix

replay: node_modules/.package-lock.json ## the history of a clone on the small fork, every image rebuilt and compared: CLONE=FOLDER, COUNT=200, FROM=1, JOBS=4 (needs Go and root)
	@$(outside) script/engine run -- script/builders run -- node_modules/.bin/node script/ts.mjs __tests__/random/replay.ts "$(CLONE)" "$(or $(COUNT),200)" "$(or $(FROM),1)" "$(or $(JOBS),4)"

lint: node_modules/.package-lock.json ## types, lint rules, formatting
	@npm run --silent typecheck
	@npm run --silent lint

# `make bench -- --only W7`: what follows goes to the bench, and is no goal of make.
ifeq (bench,$(firstword $(MAKECMDGOALS)))
bench_args := $(wordlist 2,$(words $(MAKECMDGOALS)),$(MAKECMDGOALS))
$(if $(bench_args),$(eval .PHONY: $(bench_args))$(eval $(bench_args):;@:))
endif

# The containerd store, as new Docker has it: without it bake writes no cache.
bench: node_modules/.package-lock.json ## speed, as ratios against the peers in the same run: make bench -- --only W7
	@$(outside) script/engine run --store containerd -- npm run --silent bench -- $(bench_args) $(ARGS)

bundle: node_modules/.package-lock.json ## bundle src/ into dist/
	@npm run --silent bundle

clean: ## remove installed packages
	rm -rf node_modules

node_modules/.package-lock.json: package.json package-lock.json
	@script/packages
