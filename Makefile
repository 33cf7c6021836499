# The face of the build; meson.build has the substance.
.PHONY: all setup check test fuzz bench bench-attest bench-rootfs demo format lint clean help
.DEFAULT_GOAL := all

build/build.ninja: | setup
	meson setup build

all: build/build.ninja ## build everything
	ninja -C build

setup: ## install the Debian packages that are missing (tools/packages.txt)
	@tools/setup

check: setup ## everything that CI runs
	@tools/check

test: all ## unit tests only
	@tools/check --only unit

fuzz: setup ## fuzz one parser: make fuzz T=sgx_sigstruct SECONDS=600
	@tools/check --only fuzz --target "$(T)" --seconds "$(or $(SECONDS),60)"

format: ## format the C sources
	@tools/format

lint: ## format, layers and house rules
	@tools/check --only lint

clean: ## remove what was built
	rm -rf build build-*

demo: all ## the main job, shown step by step
	@tools/demo

bench: all ## what SGX costs here: one table, one run
	@build/bench/bench_sgx build/bench/tiny.enclave build/tests/enclave/exercise.enclave

bench-attest: all ## quotes verified per second, beside OpenSSL's P-256
	build/bench/bench_attest ../shared/testdata/attestation/sgx-v3-sw-hardening 2025-09-01T00:00:00Z

bench-rootfs: all ## root file systems beside mkfs.erofs and veritysetup: make bench-rootfs DIR=/usr/lib/python3
	build/bench/bench_rootfs "$(or $(DIR),/usr/lib/python3)"

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile
