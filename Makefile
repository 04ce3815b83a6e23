# The commands of this house; "make" alone lists them. Nothing here needs more
# than Go, a C compiler (SQLite is compiled from source) and a POSIX shell.

GO ?= go

# Tools have a go.mod of their own, so that the two hundred modules of a linter
# do not become the program's.
TOOL := $(GO) tool -modfile=.ci/tools.mod

# What must build without a C compiler and without an operating system, because
# a report shall be able to run its scenario again in the reader's browser.
PURE = $$($(GO) list ./sim/... ./engine/... ./model/... ./scenarios/... ./internal/fault | grep -v /engine/store/sqlite)

# Bounds of the long tests: cases a property, time a fuzz target, time in all.
SOAK_CASES ?= 20000
FUZZ_TIME  ?= 1m
SOAK_TIME  ?= 2h

.DEFAULT_GOAL := help
.PHONY: help build test check browser fmt lint pure bench soak golden dead clean compiler

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: compiler ## build bin/twinwrite
	$(GO) build -o bin/twinwrite ./cmd/twinwrite

test: compiler ## run all tests (under 10 minutes on two cores)
	$(GO) test ./...

browser: ## install Chromium and axe-core, in which the reports are tested; without them that test is skipped
	.ci/browser/install

check: compiler ## everything that must hold before a change is taken
	$(GO) mod tidy -diff
	$(GO) mod verify
	$(GO) vet ./...
	$(GO) vet -tags nofault ./...
	@$(MAKE) --no-print-directory lint
	$(GO) test -count=1 ./internal/lint
	$(GO) test ./...
	$(GO) test -race -short -timeout 20m ./...
	$(GO) test -tags nofault ./internal/fault
	$(GO) test -tags nofault -run TestNothingIsPlanted ./engine
	$(GO) build -tags nofault -o bin/twinwrite-nofault ./cmd/twinwrite
	@$(MAKE) --no-print-directory pure
	git diff --exit-code

fmt: ## format the code
	$(TOOL) golangci-lint fmt

lint: ## format and lint, nothing is changed (the first time builds the linter: about two minutes)
	$(TOOL) golangci-lint config verify
	$(TOOL) golangci-lint run

pure: ## build the part that runs in a browser
	GOOS=js GOARCH=wasm $(GO) build -tags nofault $(PURE)

bench: compiler ## measure: the kernel beside a C++ program, the product beside its targets, then every Go benchmark (half an hour)
	$(GO) run ./bench
	$(GO) test -run '^$$' -bench . -benchmem ./...

soak: compiler ## long tests: SOAK_CASES a property, every planted bug, FUZZ_TIME a fuzz target, SOAK_TIME at most
	RAPID_CHECKS=$(SOAK_CASES) $(GO) test -count=1 -timeout $(SOAK_TIME) ./...
	$(GO) run ./cmd/twinwrite check --self-test
	@set -e; for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "fuzz $$target in $$package for $(FUZZ_TIME)"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZ_TIME) $$package; \
		done; \
	done

golden: compiler ## renew the golden files; read the diff before you commit
	UPDATE_GOLDEN=1 $(GO) test -count=1 ./...
	@git diff --stat

dead: ## functions that nothing calls, not even a test
	$(TOOL) deadcode -test ./...

clean: ## remove what was built and what was run
	rm -rf bin runs dist

# SQLite needs a C compiler; without one, go says so in words that do not help.
compiler:
	@set -- $$($(GO) env CC); command -v "$$1" > /dev/null && test "$$($(GO) env CGO_ENABLED)" = 1 || { \
		echo "twinwrite: no C compiler: install gcc or clang (Debian: apt install gcc; macOS: xcode-select --install) and leave CGO_ENABLED at 1" >&2; exit 1; }
	@if $(GO) list -f '{{.Stale}}' github.com/mattn/go-sqlite3 2> /dev/null | grep -q true; then \
		echo "twinwrite: compiling SQLite for the first time: a minute or two, once"; fi
