# make            build the programs, and an image of small ones, into BIN
# make test       run every test; as root on Debian it first installs what the
#                 engine's tests need. What cannot be tried is left out and
#                 listed at the end; with CALLROUTE_COMPLETE=1, as in CI, that
#                 fails
# make test-short run what takes little, without the engine as a whole, and
#                 install nothing
# make check      formatting and all linters, as CI runs them; builds the
#                 linter first, which takes two minutes once
# make fmt        format the source
# make conformance
#                 write docs/ENGINE-CONFORMANCE.md from what the engine's tests
#                 find: as root, some seven minutes
# make soundness  write docs/SOUNDNESS.md: run the engine's commands and compare
#                 what runs with what is told; as root, some four minutes
# make cross      vet the analyzer and the command line for windows and darwin
# make snapshot   what a release is, in dist/, without publishing it
# make fuzz       run each fuzz target for FUZZTIME
# make bench      what an answer costs, cold and warm, then benchmarks of each stage,
#                 COUNT times, for benchstat

GO       ?= go
BIN      ?= bin
FUZZTIME ?= 20s
COUNT    ?= 1

seccomp  := $(shell pkg-config --exists libseccomp 2>/dev/null && echo -tags seccomp)
golangci := $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.PHONY: build test test-short check cross fmt fuzz bench conformance snapshot soundness

# engine-runc needs gcc, and has seccomp where libseccomp's headers are; all
# else is Go alone. toolbox.tar is the image that engined begins with.
build:
	CGO_ENABLED=0 $(GO) build -o $(BIN)/ $$($(GO) list ./cmd/... | grep -v -e /engine-runc$$ -e /toolbox$$)
	CGO_ENABLED=1 $(GO) build $(seccomp) -o $(BIN)/ ./cmd/engine-runc
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o $(BIN)/ ./cmd/toolbox
	$(BIN)/toolbox image -o $(BIN)/toolbox.tar

test:
	@.ci/install-packages
	@.ci/install-criu
	@.ci/install-compose
	@$(GO) run .ci/test.go ./...

test-short:
	@$(GO) run .ci/test.go -short $$($(GO) list ./... | grep -v /engine/e2e$$)

check:
	$(golangci) run ./...
	$(GO) mod tidy -diff

# One architecture each: what differs is the system.
cross:
	GOOS=windows GOARCH=amd64 CGO_ENABLED=0 $(GO) vet ./analyzer/... ./cmd/callroute ./cmd/callroute-graphviz
	GOOS=darwin GOARCH=arm64 CGO_ENABLED=0 $(GO) vet ./analyzer/... ./cmd/callroute ./cmd/callroute-graphviz

snapshot:
	$(GO) run github.com/goreleaser/goreleaser/v2@v2.15.1 release --snapshot --clean --skip=ko,sbom

fmt:
	$(golangci) fmt ./...

fuzz:
	@for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
		done; \
	done

bench:
	bench/answers.sh -n $(COUNT)
	$(GO) test -run '^$$' -bench . -benchmem -count $(COUNT) ./...

conformance:
	@.ci/install-packages
	E2E_FAULTS=2 $(GO) test ./engine/e2e -count 1 -timeout 45m -run '^(TestSweep|TestFaults|TestExchange)$$' -conformance $(CURDIR)/docs/ENGINE-CONFORMANCE.md

soundness: build
	$(BIN)/callroute verify --list testdata/verify/engine.txt --format md -o docs/SOUNDNESS.md || [ $$? = 1 ]
