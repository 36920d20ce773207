# The commands of a developer's day; `make` alone lists them. Written for the make of Debian and of macOS (3.81).
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
# One worker more than there are processors, for many tests wait; four at most: each keeps its own connections to
# the one test server. A browser keeps a processor busy by itself.
PROCESSORS := $(shell getconf _NPROCESSORS_ONLN)
WORKERS ?= $(shell n=$$(($(PROCESSORS) + 1)); [ "$$n" -gt 4 ] && n=4; echo "$$n")
BROWSERS ?= $(shell n=$(PROCESSORS); [ "$$n" -gt 4 ] && n=4; echo "$$n")
ROWS ?= 1000000
KILLS ?= 500
ORDERS ?= 200
SEED ?= 1
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard app/translations/*/LC_MESSAGES/*.po))
# Measuring what tests reach takes a third of their time, so it is a command of its own. Those in a browser are
# processes of their own, for Playwright keeps a loop of events going, in which no other may begin; and they come
# after the others, for a browser takes precedence over whatever runs beside it.
PYTEST := $(BIN)/pytest --dist worksteal
# Chosen tests may all stand on one side of that.
NONE_IS_FINE := $(if $(ARGS),|| [ $$? -eq 5 ])
# What pip compiles it compiles on one processor, a quarter of the time that it takes; afterwards all of them do.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --no-compile
COMPILE := $(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true
export PYTHON
# Some images keep Python from writing what it compiles; each of the hundreds of commands that tests start would
# then compile the whole portal anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run test coverage proof orders bench torture lighthouse pictures lint format messages sbom audit browser
.DELETE_ON_ERROR:

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.run-installed $(CATALOGUES) ## Install what the portal needs to run, into .venv
	@:

run: setup ## Start the portal with its demonstration data; Ctrl-C stops it
	@$(BIN)/bordereau run

test: $(VENV)/.test-installed $(CATALOGUES) browser ## Run every test; ARGS="-k words" chooses some
	@$(PYTEST) -n $(WORKERS) --ignore=tests/browser -m "not browser" $(ARGS) $(NONE_IS_FINE)
	@$(PYTEST) -n $(BROWSERS) -m browser $(or $(ARGS),tests/browser) $(NONE_IS_FINE)

coverage: $(VENV)/.test-installed $(CATALOGUES) ## Run the tests outside the browser and list the lines that none of them reaches
	@rm -f .coverage .coverage.*
	@$(PYTEST) -n $(WORKERS) -m "not browser" --cov --cov-report=term $(ARGS)

proof: $(VENV)/.test-installed $(CATALOGUES) ## Try everything that is known against the walls, and count it
	@$(PYTEST) -n $(WORKERS) -q -m probes

orders: $(VENV)/.test-installed $(CATALOGUES) ## Try hundreds of orders of files and of questions, where others try a few (hours); ORDERS=200
	@BORDEREAU_ORDERS=$(ORDERS) $(PYTEST) -n $(WORKERS) -q -m orders $(ARGS)

bench: setup ## Measure against the bars of the design; ROWS=10000000 for the large run
	@$(BIN)/python -m tests.bench --rows $(ROWS)

lighthouse: $(VENV)/.test-installed browser ## Hold a phone's pages to Lighthouse's 95, against the portal of `make run`
	@.ci/lighthouse

pictures: $(VENV)/.test-installed $(CATALOGUES) browser ## Make the README's pictures anew, then look at every page in every way (hours); ARGS="-k words"
	@$(BIN)/pytest -q -n 0 tests/browser/readme_pictures.py
	@BORDEREAU_LOOKS=all BORDEREAU_SCREENSHOTS=1 $(PYTEST) -n $(BROWSERS) -q -k "shuts_nobody_out" $(ARGS) tests/browser

torture: $(VENV)/.test-installed ## Kill the loader and its server at any moment, and count what that changes; KILLS=500 SEED=1
	@$(BIN)/python -m tests.torture --kills $(KILLS) --seed $(SEED)

lint: $(VENV)/.test-installed ## Check style, formatting, types, the direction of imports, and that no card number is committed
	@status=0; running=; \
	for check in "ruff check --quiet" "ruff format --check --quiet" mypy "lint-imports --no-cache" \
		"python .ci/card_numbers.py"; do \
		$(BIN)/$$check & running="$$running $$!"; done; \
	for one in $$running; do wait $$one || status=1; done; exit $$status

format: $(VENV)/.test-installed ## Bring every file into the house style
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

messages: $(VENV)/.run-installed ## Bring the catalogues of translations in line with the code
	@.ci/messages

sbom: $(VENV)/.run-installed ## Write what the portal stands on as CycloneDX, build/sbom.json
	@.ci/supply sbom

audit: $(VENV)/.run-installed ## Ask an advisory database about every pinned package
	@.ci/supply audit

browser:
	@.ci/machine browser >/dev/null

# A link to a Python that has gone counts as missing: the environment is then made again.
$(BIN)/python:
	@.ci/machine venv $(VENV)

# The larger set holds the smaller one, so that going from `make test` to `make run` installs nothing.
$(VENV)/.run-installed: $(BIN)/python .ci/requirements/run.txt pyproject.toml
	@echo "Installing Bordereau into $(VENV) (the first time takes a minute or two)"
	@$(PIP) --no-deps --require-hashes -r .ci/requirements/run.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@$(COMPILE)
	@touch $@

$(VENV)/.test-installed: $(BIN)/python .ci/requirements/test.txt pyproject.toml
	@echo "Installing Bordereau and its tests into $(VENV) (the first time takes a minute or two)"
	@$(PIP) --no-deps --require-hashes -r .ci/requirements/test.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@$(COMPILE)
	@touch $(VENV)/.run-installed $@

%.mo: %.po | $(BIN)/python
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@
