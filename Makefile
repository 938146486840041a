# Everything one needs to work on Masthead. `make help` lists it; each line's words come from behind its `##`.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

# The first Python here that is new enough; `make run PYTHON=/path/to/python3.13` names another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
WORKERS ?= $(shell nproc 2>/dev/null || echo 2)
LOCK_ID = $(firstword $(shell sha256sum $(1)))
# A stamp is named for the pins it stands for, so another lock file means another install.
RUNTIME := .venv/runtime-$(call LOCK_ID,requirements.lock)
DEVELOPMENT := .venv/development-$(call LOCK_ID,requirements-dev.lock)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes

# `.venv/bin/masthead`, which runs this checkout; an installed wheel brings its own.
COMMAND := printf '\#!/bin/sh\nPYTHONPATH="%s" exec "%s/.venv/bin/python" -m core.cli "$$@"\n' "$(CURDIR)" "$(CURDIR)" \
  > $(BIN)/masthead && chmod 755 $(BIN)/masthead

.PHONY: help run test check types rest-of-check e2e chaos bench load screenshots guide lock clean

help: ## Show this list
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r name words; do \
	  printf '%-20s %s\n' "$$name" "$$words"; done

run: $(RUNTIME) ## Start everything on this machine, with a sandbox and demo data; Ctrl-C ends it
	@$(BIN)/python -m core.cli run --embedded --with-sandbox

test: $(DEVELOPMENT) ## Run every test but those in a browser, on servers of their own
	$(BIN)/python -m pytest -n $(WORKERS) --cov --cov-report=term $(PYTEST)

check: types rest-of-check ## Format, lint, types, import contracts, secrets, migrations, links, wheel

types: $(DEVELOPMENT)
	$(BIN)/mypy

rest-of-check: $(DEVELOPMENT)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/python -m ops.check.secret_scan
	$(BIN)/python -m ops.check.schema
	$(BIN)/python -m ops.check.links
	$(BIN)/python -m ops.check.wheel

e2e: $(DEVELOPMENT) ## Run the tests in headless Chromium (Debian's package chromium); E2E=all: every kind of post, too
	E2E=$(E2E) $(BIN)/python -m pytest tests/e2e $(PYTEST)

chaos: $(DEVELOPMENT) ## Kill and count posts, a JSON line per mode: CHAOS=labels|zombies|random|power|model|lies|all
	@$(BIN)/python -m tests.chaos $(or $(CHAOS),all) --seed $(or $(CHAOS_SEED),1) --minutes $(or $(CHAOS_MINUTES),5)

bench: $(DEVELOPMENT) ## Measure, one JSON line per figure
	@$(BIN)/python -m bench

load: $(DEVELOPMENT) ## Put load on the product, one JSON line per figure: LOAD=burst|steady|fair|wall|limits|tokens|videos|all
	@$(BIN)/python -m bench.load $(filter-out all,$(LOAD)) --minutes $(or $(LOAD_MINUTES),5)

screenshots: $(DEVELOPMENT) ## Take a screenshot of every page into screenshots/
	@$(BIN)/python -m ops.screenshots

guide: $(DEVELOPMENT) ## Walk docs/guide.md in Chromium, every step as written, and take its and the guarantee's pictures
	@$(BIN)/python -m ops.guide

lock: $(DEVELOPMENT) ## Resolve the pins anew from pyproject.toml (asks the package index)
	@$(BIN)/python -m ops.lock

clean: ## Remove what tools have made; .data and .venv stay
	rm -rf build dist screenshots test-results htmlcov .coverage .coverage.* .import_linter_cache .mypy_cache .pytest_cache \
	  .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

$(RUNTIME): | .venv/bin/python
	@echo "Installing what requirements.lock names into .venv ..."
	@$(INSTALL) -r requirements.lock
	@$(COMMAND)
	@rm -f .venv/runtime-* && touch $@

$(DEVELOPMENT): | .venv/bin/python
	@echo "Installing what requirements-dev.lock names into .venv ..."
	@$(INSTALL) -r requirements-dev.lock
	@$(COMMAND)
	@rm -f .venv/runtime-* .venv/development-* && touch $@ $(RUNTIME)

.venv/bin/python:
	@[ -n "$(PYTHON)" ] || { echo "Masthead needs Python 3.11 or newer, and $$(python3 -V 2>&1 || echo 'no python3') is here:" \
	  "install one, then run make PYTHON=/path/to/it." >&2; exit 2; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 2; }
