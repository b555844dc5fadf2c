# Targets of the test bed, included by the Makefile at the root of the tree.
# The path is taken from this file's own place, so that it may be included from anywhere.
TESTBED := $(dir $(lastword $(MAKEFILE_LIST)))testbed.sh

.PHONY: testbed-up testbed-down testbed-status testbed-env testbed-image

testbed-up: ## Start (or repair) the test bed: two Kubernetes nodes, Temporal, S3.
	@$(TESTBED) up

testbed-down: ## Stop the test bed and wipe its data.
	@$(TESTBED) down

testbed-status: ## Say which parts of the test bed run.
	@$(TESTBED) status

testbed-image: testbed-up ## Build Holdfast's image from this checkout and load it into the test bed's nodes.
	@$(TESTBED) image >/dev/null

testbed-env: ## Print the test bed's variables: eval "$$(make -s testbed-env)".
	@$(TESTBED) env
