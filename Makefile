# The one place for every command that builds, runs or checks inbox-tui.
# Each target makes the environment it needs; Python 3.11+ and make are enough.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
RUNS := $(VENV)/.runs
TESTS := $(VENV)/.tests
READY := $(VENV)/.ready
WORKERS ?= 6
# Seconds for `below`, which then fails: it is to find what another Python does differently, not to repeat the suite.
BELOW_WITHIN ?= 900

# The tests start hundreds of processes; each would compile the program anew where byte code is not kept.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test coverage check versions below lint types layers slow bench docs clean

run: $(RUNS)
	@$(BIN)/inbox-tui demo

# make test ARGS="-k word" runs a part.
test: $(READY)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

check: lint types layers slow coverage test versions

# The tests below the screens on every other Python that the machine has, each with an environment of its own.
versions: $(RUNS)
	@VENV=$(VENV) MAKE="$(MAKE)" .ci/versions

# What `versions` runs in each: the rules, the stores, the delivery and the commands, without what only takes long: many
# starts of commands whose code runs in others, and copies from store to store.
below: $(TESTS)
	@timeout $(BELOW_WITHIN) $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadgroup tests/unit tests/contract tests/cli tests/server/test_delivery.py $(addprefix --ignore-glob=*/test_,http_* cli_server* cli_acting.py cli_config.py cli_profile.py copying.py) $(ARGS)

# What stands below the screens, by the tests that are about it. Tracing takes its time, so it is no part of `test`.
coverage: $(READY)
	@$(BIN)/coverage erase
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup --cov --cov-report=term tests/contract tests/unit tests/cli tests/faults tests/server tests/postgres

lint: $(READY)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: $(READY)
	@$(BIN)/mypy

layers: $(READY)
	@$(BIN)/lint-imports

slow: $(READY)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m slow

bench: $(READY)
	@$(BIN)/python -m benchmarks $(ARGS)

docs: $(READY)
	@$(BIN)/python -m docs.generate

clean:
	rm -rf $(VENV) $(VENV)-3.* build dist .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache

# What running needs, what the tests below the screens need, and all tools of development: each on top of the one before.
$(RUNS): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "inbox-tui needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..."; exit 1; }
	@echo "Making $(VENV), a Python environment with inbox-tui and the packages that it runs on; make clean removes it." >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(INSTALL) --editable .
	@touch $@

# A pip older than 25.1 cannot read dependency groups, so the environment brings its own first.
$(TESTS): $(RUNS)
	@$(INSTALL) --upgrade 'pip>=25.1'
	@$(INSTALL) --group below
	@touch $@

$(READY): $(TESTS)
	@echo "Adding the tools of development to $(VENV)." >&2
	@$(INSTALL) --group dev
	@touch $@
