# make            build the programs into bin/
# make test       run every test; as root on Debian it first installs what the
#                 engine's tests need, without root it leaves some of them out
# make check      formatting and all linters, as CI runs them; builds the
#                 linter first, which takes two minutes once
# make fmt        format the source
# make fuzz       run each fuzz target for FUZZTIME
# make bench      benchmarks of each stage, COUNT times, for benchstat

GO       ?= go
FUZZTIME ?= 20s
COUNT    ?= 1

golangci := $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.PHONY: build test check fmt fuzz bench

build:
	$(GO) build -o bin/ ./cmd/...

test:
	@.ci/install-packages
	$(GO) test ./...

check:
	$(golangci) run ./...
	$(GO) mod tidy -diff

fmt:
	$(golangci) fmt ./...

fuzz:
	@for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
		done; \
	done

bench:
	$(GO) test -run '^$$' -bench . -benchmem -count $(COUNT) ./...
