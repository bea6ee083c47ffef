# Everything a person or a machine does with this checkout. `make` alone lists the targets.
#
# All targets make or renew `.venv` from the hash-locked files in requirements/ first; that takes a moment when
# nothing has changed.

PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/pytest --doctest-modules --ignore=src/etesian/store/migrations --ignore=src/etesian/compat/adapters -n 2
PROVIDERS_PYTEST := .venv-providers/bin/pytest -W ignore -n 2 --dist loadfile
DOCUMENTED := src/etesian docs README.md CONTRIBUTING.md CHANGELOG.md benchmarks scripts examples Makefile

# Bytecode is part of what is measured and of how fast tests start, also where the machine forbids it by default.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test check bench docs lock runtime dev provision lint types contracts spelling clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: runtime ## start the platform with the examples, on SQLite, and print its URL
	@scripts/run

test: dev provision check-static ## everything: static checks, all tests, real servers
	$(PYTEST) --dist worksteal --ignore=tests/integration/providers src tests
	@$(MAKE) --no-print-directory test-providers

check: dev check-static ## what to run before a commit; about a minute
	$(PYTEST) -q src tests/unit tests/property tests/architecture

bench: dev ## measure and print the table of figures; JSON goes to benchmarks/results/
	$(BIN)/python -m benchmarks

docs: dev ## renew the generated pages of docs/
	$(BIN)/python -m scripts.generate_docs

lock: dev ## write requirements/*.txt anew from pyproject.toml; `make lock UPGRADE=1` takes newer releases
	@UPGRADE="$(UPGRADE)" scripts/lock

clean: ## remove what the targets above have made
	rm -rf .venv .venv-providers .run build dist .hypothesis .mypy_cache .ruff_cache .import_linter_cache benchmarks/results

.PHONY: check-static compat
check-static: lint types contracts spelling

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: dev
	$(BIN)/mypy

contracts: dev
	$(BIN)/lint-imports

spelling: dev
	$(BIN)/codespell $(DOCUMENTED)

runtime:
	@PYTHON="$(PYTHON)" scripts/environment runtime

dev:
	@PYTHON="$(PYTHON)" scripts/environment dev

provision:
	@scripts/provision

# Airflow's provider packages, in an environment of their own, against real servers
.PHONY: test-providers
test-providers: provision
	@PYTHON="$(PYTHON)" scripts/environment providers
	$(PROVIDERS_PYTEST) tests/integration/providers

# CORPUS: a folder of DAG files written for Airflow; COMPAT_PYTHON: an environment with their providers
compat:
	$(or $(COMPAT_PYTHON),$(BIN)/python) scripts/compat_report.py $(CORPUS)

.PHONY: provider-suites
# SUITES_PYTHON: an environment with Etesian, providers and what their tests import; REAL_PYTHON: one with apache-airflow
provider-suites:
	$(BIN)/python -m scripts.provider_suites --python $(or $(SUITES_PYTHON),$(BIN)/python) \
		$(if $(REAL_PYTHON),--real-python $(REAL_PYTHON)) $(if $(SDISTS),--sdists $(SDISTS)) $(SUITES)

.PHONY: airflow-examples
# VERSION: 1.10.15, 2.10.5 or 3.3.2; EXAMPLES_PYTHON: an environment with Etesian, its development tools and providers
airflow-examples:
	$(or $(EXAMPLES_PYTHON),$(BIN)/python) -m scripts.airflow_examples $(VERSION) $(if $(WHEELS),--wheels $(WHEELS))

.PHONY: provider-imports
provider-imports:
	$(BIN)/python -m scripts.provider_suites --imports --python $(or $(SUITES_PYTHON),$(BIN)/python)
