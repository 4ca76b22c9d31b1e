# Two verbs carry the project: make run, make test. Every target's line below is what `make help` prints.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
SHARED ?= ../shared

.DEFAULT_GOAL := help
.PHONY: help run test cluster cluster-down test-cluster check format lock audit crash evaluate clean

help: ## print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name one: make run PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m infra.warm
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

run: $(VENV)/installed ## start the whole exchange with its sample on http://127.0.0.1:8000
	@$(BIN)/gongqiao run --demo $(ARGS)

# Two workers a core: half of a test's time is waiting. Neighbours stay together, for they share what was set up.
test: $(VENV)/installed-dev ## every test that needs no engine
	@PYTEST_XDIST_AUTO_NUM_WORKERS=$$($(BIN)/python -c "import os; print(2 * os.cpu_count())") $(BIN)/pytest -n auto --dist worksteal --timeout-method=thread $(ARGS)

cluster: $(VENV)/installed ## start Kafka, Elasticsearch, Redis and PostgreSQL on this machine, under .cluster/
	@$(BIN)/gongqiao cluster up

cluster-down: $(VENV)/installed ## stop them; their data stays
	@$(BIN)/gongqiao cluster down

test-cluster: $(VENV)/installed-dev ## every test that talks to the engines `make cluster` started; a skip is a failure
	@GONGQIAO_ENGINES=1 $(BIN)/pytest -p tests.engines -m engine --timeout=1500 $(ARGS)

check: $(VENV)/installed-dev ## style, types and layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy matcher search streams api infra
	@$(BIN)/lint-imports

format: $(VENV)/installed-dev ## put the code in its usual form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

crash: $(VENV)/installed-dev ## kill the exchange twenty times in a 5,000-message run and compare with an undisturbed one
	@$(BIN)/pytest -m slow tests/crash $(ARGS)

evaluate: $(VENV)/installed ## measure text relevance beside BM25 and TF-IDF, with tables learned without what is tested; SHARED=../shared
	@mkdir -p .evaluate
	@$(BIN)/python -m infra.make_tables_meaning $(SHARED) .evaluate/meaning.npz
	@$(BIN)/python -m infra.make_tables_majors $(SHARED) .evaluate/majors.tsv
	@$(BIN)/gongqiao evaluate --shared $(SHARED) --meaning .evaluate/meaning.npz --majors .evaluate/majors.tsv $(ARGS)

lock: $(VENV)/installed-dev ## resolve the dependencies anew into the two lock files
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --python-version 3.11 --group build pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --python-version 3.11 --group build --group dev pyproject.toml -o requirements-dev.lock

audit: ## ask the advisory databases about every locked package (needs the network)
	@$(PYTHON) -m venv .venv-audit
	@.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	@.venv-audit/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off -r requirements.lock $(ARGS)

clean: ## remove the virtual environment and caches; data stays
	rm -rf $(VENV) .venv-audit .mypy_cache .ruff_cache .pytest_cache .evaluate
