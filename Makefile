# The targets of this file are the project's front door; the README explains them.
# The target directory lies outside the clone, so that a second clone and CI reuse what was built.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/phalanx/target
CORPORA ?= ../shared/corpora

.PHONY: run test check bench conformance fuzz reference setup

run: setup
	cargo build --release --workspace --bin phalanx
	$(CARGO_TARGET_DIR)/release/phalanx serve

test:
	scripts/setup test
	scripts/test

check: setup
	scripts/check

bench: setup
	scripts/bench

conformance: setup
	scripts/conformance "$(CORPORA)"

fuzz: setup
	scripts/fuzz

reference:
	PHALANX_UPDATE=1 cargo test -p phalanx-kql --lib the_page_is_up_to_date

setup:
	@scripts/setup
