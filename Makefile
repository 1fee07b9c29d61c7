# Lanyard. "make help" says what there is.
#
# Each target first installs what it lacks: system packages by build/packages.sh,
# other people's programs into build/tools by build/tools.sh, npm's packages into
# frontend/node_modules by build/frontend.sh. Go, Node and, for the tests, the docker
# CLI must be on PATH already; build/need.sh says so where they are not.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
MAKEFLAGS   += --no-print-directory

PREFIX  ?= ~/.local
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

PROGRAMS := lanyard docker-credential-lanyard
WINDOW   := lanyard-desktop
GO_BUILD  = go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)'

# The tags with which Wails builds its window: a release one, on WebKitGTK 4.1.
WINDOW_TAGS := desktop,production,webkit2_41

# What is fetched for the first time is not news a line each.
QUIET = 2> >(grep -v '^go: downloading ' >&2)

# The packages in which two things happen at once: tested with the race detector.
RACE := ^lanyard/backend/(store|token|grant|server)(/|$$)

# Tests that "make test" leaves to others: pictures to make gallery; to make faults what takes long
# and has a shorter one beside it: the same way with another tool, another registry, another fault.
PICTURES := ^Test(Security)?Gallery$$
LONG := ^(TestDockerHubTwice|TestDockerHubAccessExpired|TestDockersOwnSignIn|TestMoveUnderWork|TestKilledWhileCollecting)$$|^TestScriptsAtAComputer$$/^(docker_doctor|docker_doctor_bad|org|session|token_more)$$

# Tests of the packages in RACE in which nothing happens at once, and which the race detector makes ten times as long.
ALONE := ^(TestScanNeverDiffers|TestSameAsInMemory|TestScannersFindSecrets|TestBadInput|TestRightsHistory)$$

# The tests in which something breaks, by their names; LANYARD_FAULTS is how many rounds those play that have rounds.
FAULTS := Fault|Kill|Crash|Cut|Lost|Lock|Missing|Gone|Dead|Hang|Full|Race|Histor|BadInput

# Many tests wait for other programs: more packages at once than there are processors.
BUSY := -p 4

# Where the tests find other people's programs: $$LANYARD_TOOLS/bin.
export LANYARD_TOOLS := $(CURDIR)/build/tools
CLIENTS := crane regctl oras helm skopeo podman buildah dockerd docker-registry distribution3 docker-credential-secretservice

.PHONY: help build test check unit race web browser lint demo run bindings bench faults clients gallery install uninstall clean \
	build/tools need-go need-window need-test

help: ## this list
	@sed -n 's/^\([a-z/]*\):[^#]*## \(.*\)/\1 \2/p' $(MAKEFILE_LIST) | while read -r name what; do printf '  make %-10s %s\n' "$$name" "$$what"; done

build: need-window ## the three programs, to build/bin
	@build/frontend.sh dist
	@mkdir -p build/bin
	@for p in $(PROGRAMS); do echo "go build $$p $(VERSION)"; CGO_ENABLED=0 $(GO_BUILD) -o build/bin/$$p ./backend/cmd/$$p $(QUIET); done
	@echo "go build $(WINDOW) $(VERSION)"
	@CGO_ENABLED=1 $(GO_BUILD) -tags $(WINDOW_TAGS) -o build/bin/$(WINDOW) . $(QUIET)

test: need-test check build unit ## installs what is missing, runs the tests, the linters and the demonstration; of what is long, a part
	@$(MAKE) -j2 --output-sync=target race web lint
	@$(MAKE) -j2 --output-sync=target browser demo
	@echo "make test: all passed"

check: need-go
	@echo "gofmt, go vet, the bindings"
	@bad=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$bad" ] || { echo "not formatted by gofmt:"; echo "$$bad"; exit 1; } >&2
	@big=$$(git ls-files -z | xargs -0 du -k --apparent-size 2>/dev/null | awk '$$1 > 1024'); [ -z "$$big" ] || { echo "too large for the repository (kB):"; echo "$$big"; exit 1; } >&2
	@go vet ./... $(QUIET)
	@go test ./backend $(QUIET)
	@build/bindings.sh check

unit: need-test build
	@echo "go test"
	@go test $(BUSY) -count=1 -timeout 20m -vet=off -skip '$(PICTURES)|$(LONG)' $$(go list ./... | grep -vE '$(RACE)')
	@go test $(BUSY) -count=1 -timeout 20m -vet=off -run '$(ALONE)' $$(go list ./... | grep -E '$(RACE)')

race: need-test
	@echo "go test -race, where two things happen at once"
	@CGO_ENABLED=1 go test -count=1 -race -timeout 20m -vet=off -skip '$(ALONE)' $$(go list ./... | grep -E '$(RACE)')

web: need-window
	@build/frontend.sh test

browser: need-test build
	@build/frontend.sh browser

lint: need-window ## golangci-lint, the tests of the architecture, svelte-check, eslint and prettier
	@build/tools.sh golangci-lint
	@echo "golangci-lint"
	@build/tools/bin/golangci-lint run
	@go test ./backend
	@build/bindings.sh check
	@build/frontend.sh lint

bindings: need-go ## writes frontend/wailsjs anew, after a change in app/
	@build/bindings.sh write

demo: need-test build ## the main job by itself with real parts, a picture per step under build/demo
	@go run ./backend/e2e/demo -out build/demo $(QUIET)

run: need-window ## opens the window; without a display it is make demo
	@if [ -n "$${DISPLAY:-}$${WAYLAND_DISPLAY:-}" ]; then \
		$(MAKE) build; \
		echo "The window opens. With nothing to sign in to yet, it starts this computer's own service and registry."; \
		exec build/bin/$(WINDOW); \
	else \
		echo "There is no display here: this is make demo, the same in a virtual one, by itself."; \
		$(MAKE) demo; \
	fi

bench: need-test build ## the window beside an empty one of Wails, sizes, 1,000 tokens, and the benchmarks, to build/bench
	@mkdir -p build/bench
	@go run ./backend/e2e/windowbench -out build/bench $(QUIET)
	@build/frontend.sh bench | tee build/bench/tokens.txt
	@go test -timeout 60m -run '^$$' -bench . -benchmem ./... | tee build/bench/bench.txt

faults: need-test build ## what make test leaves out: whatever breaks (killed, locked, full, unreachable), all rounds, all pages, all tools
	@LANYARD_FAULTS=$${LANYARD_FAULTS:-1000} go test $(BUSY) -count=1 -timeout 60m -v -run '$(FAULTS)' ./... | grep -vE '^(\?|=== (RUN|PAUSE|CONT))|no test files|no tests to run'
	@LANYARD_FAULTS=$${LANYARD_FAULTS:-1000} go test -count=1 -timeout 30m -v -run '$(LONG)|^TestScriptsAtAComputer$$' ./backend/... | grep -vE '^(\?|=== (RUN|PAUSE|CONT))|no test files|no tests to run'
	@LANYARD_FAULTS=$${LANYARD_FAULTS:-1000} build/frontend.sh browser
	@$(MAKE) clients

clients: need-test ## every container tool with a token of every scope at three registries, to build/clients
	@LANYARD_CLIENTS=$(CURDIR)/build/clients go test -count=1 -timeout 30m -v -run '^TestEveryScopeWithEveryTool$$' ./backend/e2e | grep -vE '^ *=== (RUN|PAUSE|CONT)'
	@echo "written to build/clients/clients.md"

gallery: need-test build ## every page and state as pictures, small, large, light and dark, with an index, to build/gallery
	@mkdir -p build/gallery
	@LANYARD_GALLERY=$(CURDIR)/build/gallery go test -count=1 -run '$(PICTURES)' ./backend/internal/pages
	@build/frontend.sh gallery
	@build/index.sh build/gallery

install: build ## the programs and the window's menu entry, to PREFIX (PREFIX=~/.local)
	@build/install.sh put '$(PREFIX)' $(PROGRAMS:%=build/bin/%) build/bin/$(WINDOW) build/linux/lanyard.desktop build/appicon.png \
		build/linux/hicolor/*.png backend/internal/pages/static/mark.svg

uninstall: ## takes away what install put there
	@build/install.sh remove '$(PREFIX)'

clean: ## removes what was built and fetched
	rm -rf build/bin build/tools build/demo build/bench build/clients build/gallery build/tmp \
		frontend/node_modules frontend/build-fake frontend/test-results
	find frontend/dist -mindepth 1 ! -name .gitkeep -delete

build/tools: need-go
	@build/packages.sh fetch
	@build/tools.sh $(CLIENTS) golangci-lint

need-go:
	@build/need.sh go

need-window:
	@build/need.sh go node
	@build/packages.sh window

need-test:
	@build/need.sh go node docker
	@build/packages.sh fetch race window test
	@build/tools.sh $(CLIENTS)
