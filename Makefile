# What a contributor types. The first run makes .venv by itself; `make PY=python3 test` uses that Python as it is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

export PIP_DISABLE_PIP_VERSION_CHECK := 1

# An active virtual environment is used when it has all that is needed.
TOOLS := dulwich filelock grimp hypothesis importlinter mkdocs mypy pytest ruamel.yaml ruff typer xdist
ifndef PY
ifdef VIRTUAL_ENV
ACTIVE := $(shell "$(VIRTUAL_ENV)/bin/python" -c 'import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, sys.argv[1:])))' $(TOOLS) 2>/dev/null && echo "$(VIRTUAL_ENV)/bin/python")
endif
ifneq ($(ACTIVE),)
PY := $(ACTIVE)
else
PY := .venv/bin/python
READY := .venv/ready
endif
endif

# Tests wait for processes and deadlines about half of their time.
WORKERS ?= $(shell echo $$(( 2 * $$(getconf _NPROCESSORS_ONLN) )))

.PHONY: help demo test check bench docs site clean

help: ## Show this list
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' Makefile | expand -t 14

demo: $(READY) ## Watch a small town at work, from an empty repository to rest
	@$(PY) -m gt demo

test: $(READY) ## Run every test
	@$(PY) -m pytest -n $(WORKERS) --dist worksteal

check: $(READY) ## Check style, types, layers and that the generated docs are current
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(PY) -c 'from importlinter.cli import lint_imports_command as lint; lint()' --no-logo
	@$(PY) -m gt help --markdown | diff -u docs/cli.md - || { echo 'docs/cli.md is out of date: run make docs' >&2; exit 1; }
	@$(PY) -m gt help --markdown moves | diff -u docs/moves.md - || { echo 'docs/moves.md is out of date: run make docs' >&2; exit 1; }
	@$(MAKE) site

site: $(READY) ## Build the documentation as a site, in build/site
	@said=$$($(PY) -m mkdocs build --strict --config-file .mkdocs.yml 2>&1) || { echo "$$said" >&2; exit 1; }

bench: $(READY) ## Measure speed, as ratios (takes minutes, wants an idle machine)
	@$(PY) -m pytest tests/benchmarks -m bench -s -p no:xdist

docs: $(READY) ## Make the generated documentation again
	@$(PY) -m gt help --markdown > docs/.cli.md && mv docs/.cli.md docs/cli.md
	@$(PY) -m gt help --markdown moves > docs/.moves.md && mv docs/.moves.md docs/moves.md
	@$(PY) -m gt help --markdown json > docs/.json.md && mv docs/.json.md docs/json.md
	@GT_WRITE_DOCS=1 $(PY) -m pytest --quiet tests/e2e/test_pages.py tests/e2e/test_why.py

clean: ## Remove .venv and all caches
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

.venv/ready: pyproject.toml
	@python=$$(for name in python3 python3.13 python3.12 python3.11; do \
	    "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$name"; break; }; done) \
	  && [ -n "$$python" ] || { echo 'error: gt needs Python 3.11 or later' >&2; exit 1; }; \
	echo "making .venv with $$($$python --version)" >&2; \
	"$$python" -m venv .venv
	@.venv/bin/python -m pip install --quiet --editable '.[dev]'
	@touch $@
