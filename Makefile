# Everything that a reader or CI runs. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

ROOT := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
# Whether the Node on the path is what package.json asks for.
NODE_MAJOR := 24
NODE_FOUND := $(shell node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
NODE_PACKAGE := node-linux-$(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x64)
NODE_FOLDER := $(ROOT).node/node_modules/$(NODE_PACKAGE)/bin
NODE_STAMP := $(if $(shell [ $(NODE_FOUND) -ge $(NODE_MAJOR) ] && echo yes),,$(NODE_FOLDER)/node)
MODULES_STAMP := $(ROOT)node_modules/.installed
BED_ENV = eval "$$(bash test/testbed/testbed.sh env)"

export PATH := $(if $(NODE_STAMP),$(NODE_FOLDER):)$(PATH)

include $(ROOT)test/testbed/testbed.mk

# The image that `make image` builds, upon BASE, with BUILDER.
IMAGE ?= holdfast:dev

.PHONY: help install image check test test-skew test-kill test-kill-volumes test-kill-hooks test-kill-plugins test-fuzz demo demo-stop bench histories client openapi manifests

help: ## Show this list.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: $(MODULES_STAMP) ## Install Node (if the machine's is too old) and the packages.

$(NODE_FOLDER)/node:
	@echo "holdfast: the Node on this machine is older than $(NODE_MAJOR); installing $(NODE_PACKAGE) from npm (50 MB, about 10 s)"
	@npm install --prefix .node --no-save --no-audit --no-fund --loglevel=error $(NODE_PACKAGE)@$(NODE_MAJOR)
	@test -x $@ && touch $@

$(MODULES_STAMP): package-lock.json | $(NODE_STAMP)
	@echo "holdfast: installing the packages of package-lock.json from npm (about 30 s)"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

check: install ## Run all static checks: format, types, lint, imports, unused code.
	@npm run --silent check

image: install ## Build the container image with docker, podman or buildah; IMAGE=name names it.
	@deploy/build-image.sh $(IMAGE)

test: install ## Run all checks and all tests, on the test bed.
	@$(MAKE) --no-print-directory --jobs=2 check testbed-image
	@rm -f test-report.json
	@$(BED_ENV); npm run --silent test

SKEW_VERSIONS := 1.37 1.33

test-skew: install testbed-up ## Restore into control planes of other minor versions, which are built once.
	@for minor in $(SKEW_VERSIONS); do test/testbed/empty-cluster.sh build $$minor; done
	@$(BED_ENV); test/run-long.sh skew

test-kill: install testbed-up ## Kill the worker at random points of restores; SEED=number repeats a run.
	@$(BED_ENV); SEED=$(SEED) test/run-long.sh restore-kills

test-kill-volumes: install testbed-image ## Kill agents, restic and Temporal, and take the bucket away, in copies and restores of volumes.
	@$(BED_ENV); test/run-long.sh volume-kills

test-kill-hooks: install testbed-up ## Kill parts while pods are frozen; SEED=number repeats a run, RUNS=number says how many (50).
	@$(BED_ENV); SEED=$(SEED) RUNS=$(RUNS) test/run-long.sh freeze-kills

test-kill-plugins: install testbed-up ## Kill parts while plugins are at work; SEED=number repeats a run, MINUTES=number (5) and RUNS=number (9) say how long.
	@$(BED_ENV); SEED=$(SEED) MINUTES=$(MINUTES) RUNS=$(RUNS) test/run-long.sh plugin-kills

test-fuzz: install testbed-up ## Send the API what a fuzzer makes of its OpenAPI document; SEED=number repeats a run, MINUTES=number (10) says how long.
	@$(BED_ENV); SEED=$(SEED) MINUTES=$(MINUTES) test/run-long.sh api-fuzz

demo: install testbed-up ## Back up, delete and restore an application with its data in the test bed's cluster.
	@$(BED_ENV); bash test/demo/demo.sh

demo-stop: ## Stop what the demo left running, and remove what it made in the cluster.
	@$(BED_ENV); bash test/demo/stop.sh

bench: install testbed-up ## Measure against the raw work; ONLY=name runs one.
	@$(BED_ENV); node bench/main.ts $(ONLY)

histories: install testbed-up ## Record the histories of the workflows anew, for the replay tests.
	@$(BED_ENV); node test/histories/record-main.ts

client: install ## Generate the TypeScript client of the API.
	@npm run --silent client

openapi: install ## Write the documents of the API and of the plugin contract, and the schema of the chart's values.
	@node api/openapi-main.ts > api/openapi.json
	@node api/plugin-contract-main.ts > docs/plugin-contract-v1.json
	@node deploy/values-schema.ts > deploy/chart/values.schema.json

manifests: install ## Write the plain manifests of deploy/kubernetes, which are made of the chart.
	@helm=$$(test/testbed/testbed.sh helm); made=$$("$$helm" template holdfast deploy/chart --namespace holdfast \
	  --values deploy/kubernetes-values.yaml 2>/dev/null | node deploy/plain-manifests.ts); \
	  printf '%s\n' "$$made" > deploy/kubernetes/holdfast.yaml
