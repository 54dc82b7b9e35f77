# What a stranger needs: make demo, make test. Both install what is missing (Debian packages) and build first.

# One configuration everywhere: a further one would compile every dependency again.
CONFIGURATION = -c release
# One test at a time: tests that compute for long would starve those that wait for an answer.
TESTS = $(CONFIGURATION) --disable-testable-imports --no-parallel

.PHONY: help build demo test check-api image test-boot fuzz sanitize bench bench-server bench-payload format lint clean

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

build: ## Build martlet, martletd and martlet-server into .build/release
	@scripts/install-packages.sh build
	swift build $(CONFIGURATION)

demo: build ## Tell the whole story on this box; ARGS="--once" ends when it is told
	@scripts/install-packages.sh demo
	.build/release/martlet demo $(ARGS)

test: build ## Run every test; ARGS="--filter NAME" runs some
	@scripts/install-packages.sh test
	swift test $(TESTS) $(ARGS)

test-boot: build ## Take the reference OS through its whole life in QEMU; ARGS="--keep DIR", "--only ACT", "--list"
	@scripts/install-packages.sh boot
	.build/release/boot-journey $(ARGS)

check-api: build ## Hold the OpenAPI document against a running server, with schemathesis from PyPI
	@scripts/install-packages.sh api
	scripts/check-api.sh

image: build ## Build the reference OS: dist/images/disk.img (1.0.0), and an update to 2.0.0; ARGS go to the builder
	@scripts/install-packages.sh image
	scripts/image.sh $(ARGS)

fuzz: ## Fuzz every parser of outside bytes; SECONDS_EACH=60
	@scripts/install-packages.sh build
	scripts/fuzz.sh $(or $(SECONDS_EACH),60)

sanitize: ## Call all of our own C under the address and the undefined-behaviour sanitizer
	@scripts/install-packages.sh build
	scripts/sanitize.sh

bench: build ## Measure what people wait for, beside a peer in the same run
	@scripts/install-packages.sh bench
	scripts/bench.sh

bench-server: build ## Measure the server under load, with a million machines, and killed; PART="load", "million" or "crash"
	@scripts/install-packages.sh server
	scripts/bench-server.sh $(PART)

bench-payload: build ## Measure payloads of real images beside their peers; PART="full", "verify" or "delta"; wants root once
	@scripts/install-packages.sh payloads
	scripts/bench-payload.sh $(PART)

format: ## Lay out the code
	swift format --in-place --recursive --parallel Sources Tests Fuzzing/Sources Benchmarks/Sources Package.swift

lint: ## Say where the layout or the style is off
	swift format lint --strict --recursive --parallel Sources Tests Fuzzing/Sources Benchmarks/Sources Package.swift

clean: ## Remove what was built
	rm -rf .build Fuzzing/.build Benchmarks/.build
