# What newcomers, contributors and CI run. Every target brings what it needs.
.PHONY: setup setup-test setup-bench start test check bench lock clean

BIN := .venv/bin
PYTHON := $(BIN)/python

setup: ## system packages, .venv, base images; each step only where it is missing
	@installer/development/setup.sh

setup-test: setup
	@installer/development/setup.sh test

setup-bench: setup
	@installer/development/setup.sh bench

start: setup ## the whole market on this machine, with play money
	@$(BIN)/gridle practice

test: setup-test check
	$(BIN)/pytest --numprocesses 2

check: setup
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture
	$(BIN)/deptry .
	$(PYTHON) installer/development/file_sizes.py

bench: setup-bench ## all rows, or: make bench ONLY=prefix
	$(PYTHON) -m tests.benchmarks.run --only "$(ONLY)"

lock: setup ## renew requirements.lock from pyproject.toml
	@$(PYTHON) installer/development/lock.py

clean:
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
