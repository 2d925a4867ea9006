# The one place for every command that builds, runs or checks inbox-tui.
# Each target makes the environment it needs; Python 3.11+ and make are enough.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKERS ?= 6

# The tests start hundreds of processes; each would compile the program anew where byte code is not kept.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test coverage check lint types layers slow bench docs clean

run: $(READY)
	@$(BIN)/inbox-tui demo

test: $(READY)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

check: lint types layers slow coverage test

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
	rm -rf $(VENV) build dist .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache

# A pip older than 25.1 cannot read dependency groups, so the environment brings its own first.
$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "inbox-tui needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $@
