# `make help` lists what there is.
#
# Python 3.11 or later, make and the network are enough. Whatever else is needed is installed when make runs as root on
# Debian or Ubuntu; otherwise `make needs` says what is missing and what that leaves out.

SHELL := /bin/sh
.DEFAULT_GOAL := help
BIN := .venv/bin
SOURCES := visitor tests kiosk migrations .ci

CORES := $(shell nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
# At least 2: tests wait for printers, cameras and browsers. At most 4: each may start a browser.
WORKERS ?= $(shell n=$(CORES); [ "$$n" -lt 2 ] && n=2; [ "$$n" -gt 4 ] && n=4; echo $$n)
PYTEST := $(BIN)/python -m pytest -q -p tests.strict -n $(WORKERS) --dist worksteal
STRICT := $(if $(or $(CI),$(filter 1,$(VISITOR_TESTS_STRICT))),strict)

.PHONY: help setup needs demo test lint types floors unit real test-postgres screenshots gallery bench package wheel-test clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'

setup: .make/environment needs ## Make the environment and install what is needed

.make/environment: pyproject.toml .ci/environment
	@.ci/environment
	@mkdir -p .make && touch $@

needs: .make/environment ## Say which programs are missing and what that leaves out (as root: install them)
	@$(BIN)/python .ci/needs.py install $(STRICT)

demo: setup ## Fill a made-up house with six weeks of history and serve it
	@$(BIN)/visitor demo $(DEMO)

test: setup lint types floors ## Everything that CI runs
	$(PYTEST)
	@$(MAKE) --no-print-directory test-postgres wheel-test

lint: .make/environment ## Style and format
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)

types: .make/environment ## Types
	$(BIN)/mypy

floors: .make/environment ## Which room may import which
	$(BIN)/lint-imports --no-logo

unit: .make/environment ## Tests that need nothing but Python
	$(PYTEST) -m "not real"

real: setup ## Tests with a browser, a printer, cameras, PostgreSQL
	$(PYTEST) -m real

test-postgres: setup ## Every test that uses a database once more, on PostgreSQL
	VISITOR_TESTS_DATABASE=postgresql $(PYTEST) -m "not real or kills"

screenshots: setup ## Make the pictures in docs/screenshots
	$(BIN)/python -m tests.screenshots

gallery: setup ## Shoot every screen in four sizes and four languages (GALLERY="--language ar --only desk")
	$(BIN)/python -m tests.gallery $(GALLERY)

bench: .make/environment ## Measure this machine (BENCH="--quick" for a short look)
	$(BIN)/visitor bench $(BENCH)

package: .make/environment ## Build the wheel into dist/
	@rm -rf dist build
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --retries 5 --no-deps --wheel-dir dist .
	@ls dist

wheel-test: package ## Install the wheel into an empty environment and serve from it
	@$(BIN)/python .ci/try_wheel.py dist

clean: ## Remove what was built; environment and demo stay
	rm -rf build dist .make .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find visitor tests kiosk migrations -name __pycache__ -type d -prune -exec rm -rf {} +
