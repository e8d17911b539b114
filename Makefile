# `make help` lists the targets; `make check` is what CI runs.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

MODULE := github.com/redirectd/redirectd
VERSION ?= $(shell git describe --tags --dirty 2>/dev/null)
FUZZTIME ?= 10s
RULES ?=

# Tools are pinned here and built once into .tools, which git ignores: `go run`
# would link them anew for every target.
GOLANGCI_VERSION := v2.15.0
BUF_VERSION := v1.75.0
GOLANGCI := .tools/golangci-lint-$(GOLANGCI_VERSION)/golangci-lint
BUF := .tools/buf-$(BUF_VERSION)/buf

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/redirectd and bin/sipedge, statically linked
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X $(MODULE)/internal/version.Set=$(VERSION)" \
		-o bin/ ./cmd/redirectd ./cmd/sipedge

.PHONY: images
images: ## Build the container images redirectd:dev and sipedge:dev
	docker build --target redirectd --build-arg VERSION=$(VERSION) -t redirectd:dev .
	docker build --target sipedge --build-arg VERSION=$(VERSION) -t sipedge:dev .

# The binaries come first: tests build them too, with the same flags, and then
# have no cold build to wait for.
.PHONY: test
test: build ## Run every test with the race detector (installs SIPp, Kamailio, baresip and nftables first, where it can)
	@.ci/packages
	go test -race -count=1 -timeout 10m $$(go list ./... | grep -v '/internal/interop$$')
	go test -race -count=1 -timeout 10m ./internal/interop # alone: it places thousands of calls

.PHONY: mutants
mutants: ## Break every rule of docs/rfc.md and demand that its test notices
	go run ./internal/mutants -run '$(RULES)'

.PHONY: bench
bench: build ## Measure both programs beside their peers, into bench/out (half an hour; see bench/README.md)
	@.ci/packages
	go run ./bench -plan full

.PHONY: bench-quick
bench-quick: build ## The same with little, in two minutes
	@.ci/packages
	go run ./bench -plan quick

.PHONY: lint
lint: $(GOLANGCI) $(BUF) ## Check the style of the Go code, and the contract
	$(GOLANGCI) run ./...
	$(BUF) lint
	$(BUF) format --diff --exit-code
	@.ci/breaking $(BUF)

.PHONY: generate
generate: $(BUF) ## Generate gen/ from proto/, and docs/schema/ from the code that reads the files
	$(BUF) generate
	go run ./cmd/redirectd schema > docs/schema/policy.schema.json
	go run ./cmd/sipedge schema > docs/schema/edge.schema.json
	go test ./internal/callrecord -run '^Test(Schema|Page)$$' -update

.PHONY: check-generate
check-generate: $(BUF) ## Check that gen/ is what proto/ says, and docs/schema/ what the code that reads the files does
	@tmp=$$(mktemp -d); trap 'rm -rf "$$tmp"' EXIT; \
	$(BUF) generate --output "$$tmp"; \
	diff -r "$$tmp/gen" gen || { echo "gen/ is not what proto/ says: run make generate" >&2; exit 1; }; \
	mkdir "$$tmp/schema"; \
	go run ./cmd/redirectd schema > "$$tmp/schema/policy.schema.json"; \
	go run ./cmd/sipedge schema > "$$tmp/schema/edge.schema.json"; \
	cp docs/schema/call-record.schema.json "$$tmp/schema"; : its own tests compare it; \
	diff -r "$$tmp/schema" docs/schema || { echo "docs/schema/ is not what the code says: run make generate" >&2; exit 1; }; \
	if [ -n "$$(git status --porcelain gen docs/schema 2>/dev/null)" ]; then echo "note: gen/ or docs/schema/ is not committed yet" >&2; fi

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (10s)
	@go test -list '^Fuzz' ./... \
	| awk '/^Fuzz/ {f[n++] = $$1} /^ok/ {for (i = 0; i < n; i++) print $$2, f[i]; n = 0}' \
	| while read -r package target; do \
		go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$package"; \
	done

.PHONY: check
check: ## Run what CI runs: tests, lint, generated code
	@.ci/run

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin .tools

$(GOLANGCI):
	GOBIN=$(CURDIR)/$(@D) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)

$(BUF):
	GOBIN=$(CURDIR)/$(@D) go install github.com/bufbuild/buf/cmd/buf@$(BUF_VERSION)
