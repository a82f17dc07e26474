PYTHON ?= $(shell command -v python3.11 || echo python3)
SCHEMA := schema/schema.graphql
BIN := .venv/bin
VENV := .venv/.installed
NODE := tests/node/node_modules/.package-lock.json
PEERS := benchmarks/peers/postgraphile/node_modules/.package-lock.json
REPORTING := .venv/reporting/.installed
PIP_OPTIONS := --quiet --disable-pip-version-check install --root-user-action=ignore
PIP_INSTALL := $(BIN)/pip $(PIP_OPTIONS)
COMPILE := $(BIN)/uv pip compile --quiet --generate-hashes --no-header --universal --python-version 3.11

.PHONY: help run test check bench bench-peers schema graphiql explorer lock clean browser

help: ## Print this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 12

run: $(VENV) ## Serve the demo data at LYCEUM_HOST:LYCEUM_PORT
	@$(BIN)/lyceum migrate
	@$(BIN)/lyceum demo load
	@exec $(BIN)/lyceum serve

# To collect all the others takes as long as many of these.
test: ALONE = $(shell grep --recursive --files-with-matches --include='*.py' 'mark\.alone' tests)
# Each process would compile all modules anew.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(VENV) $(NODE) $(REPORTING) browser ## Run every test; ARGS go to pytest
	$(BIN)/pytest -n logical --maxprocesses 4 --dist worksteal -m "not alone" $(ARGS)
	$(BIN)/pytest -m alone $(or $(ARGS),$(ALONE)) || [ $$? = 5 ]

check: $(VENV) ## Lint, format, types, layers, and whether the exported schema is current and keeps its promises
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/lyceum schema export --check $(SCHEMA)
	$(BIN)/lyceum schema check-documents $(SCHEMA) schema/documents

bench: $(VENV) ## Measure requests per second and latency
	$(BIN)/python -m benchmarks

bench-peers: $(VENV) $(PEERS) ## Measure beside PostGraphile and Strawberry; writes benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks.peers $(ARGS)

schema: $(VENV) ## Export the schema after a change
	$(BIN)/lyceum schema export $(SCHEMA)

graphiql: ## Build the GraphiQL that the package ships
	npm --prefix app/web/graphiql ci
	npm --prefix app/web/graphiql run build

explorer: ## Build the REST explorer that the package ships
	npm --prefix app/web/explorer ci --ignore-scripts
	npm --prefix app/web/explorer run build

lock: $(VENV) ## Pin the Python packages; ARGS=--upgrade takes the newest
	$(COMPILE) $(ARGS) pyproject.toml --extra dev --output-file requirements/dev.txt
	$(COMPILE) pyproject.toml --constraint requirements/dev.txt --output-file requirements/run.txt
	$(COMPILE) $(ARGS) requirements/reporting.in --excludes requirements/reporting.excludes --output-file requirements/reporting.txt

clean: ## Remove what is installed here; data in var/ stays
	rm -rf .venv dist tests/node/node_modules app/web/*/node_modules benchmarks/peers/*/node_modules

$(VENV): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Lyceum needs Python 3.11 or later: make PYTHON=...")'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || scripts/apt-install $$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
	$(PYTHON) -m venv .venv
	$(PIP_INSTALL) --require-hashes --requirement requirements/dev.txt
	$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

# One of its packages comes as C only, and compiles.
$(REPORTING): requirements/reporting.txt $(VENV)
	@printf '#include <Python.h>\n#include <zlib.h>\n' | cc -E -I$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("include"))') - >/dev/null 2>&1 \
		|| scripts/apt-install gcc libc6-dev zlib1g-dev $$($(BIN)/python -c 'import sys; print("libpython%d.%d-dev" % sys.version_info[:2])')
	$(PYTHON) -m venv .venv/reporting
	.venv/reporting/bin/pip $(PIP_OPTIONS) --no-deps --require-hashes --requirement requirements/reporting.txt
	@touch $@

$(NODE): tests/node/package-lock.json
	npm --prefix tests/node ci
	@touch $@

$(PEERS): benchmarks/peers/postgraphile/package-lock.json
	npm --prefix benchmarks/peers/postgraphile ci
	@touch $@

browser:
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null || scripts/apt-install chromium chromium-driver
