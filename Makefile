# Everything that can be done here, on a bare machine with python3, make and git.
.DEFAULT_GOAL := help
.NOTPARALLEL:
PY := .venv/bin/python
PORT ?=
LOGS ?=
ON_FAIL ?=
POLICY ?=
WORKERS ?= 2
CODE := bot adapters tests $(if $(wildcard bench/*.py),bench) $(if $(wildcard examples/*/*.py),examples)
PYTEST := $(PY) -m pytest -q -n $(WORKERS) --dist worksteal
FAST := not (provisioned or browser or crash or processes or thorough or long)
export PYTHON

.PHONY: help setup runtime run provision format-check lint types contracts links check \
	test test-fast test-long format lock messages screenshots bench clean

help:  ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup:  ## make .venv with everything that checks and tests need
	@.ci/setup dev

runtime:
	@.ci/setup runtime

run: runtime  ## drive a made-up release in the browser (PORT=8080, POLICY=seed-2020, ON_FAIL=roll_back, LOGS=opensearch)
	@server=""; case "$(LOGS)" in elasticsearch|opensearch) \
		$(PY) -m tests.support.provision $(LOGS) || exit 1; \
		server="$$($(PY) -m tests.support.downloads $(LOGS))";; \
	esac; \
	exec .venv/bin/release-master try $(if $(PORT),--port $(PORT)) \
		$(if $(POLICY),--policy $(POLICY)) \
		$(if $(ON_FAIL),--on-fail $(ON_FAIL)) $(if $(LOGS),--logs $(LOGS)) \
		$${server:+--server "$$server"}

provision: setup
	@$(PY) -m tests.support.provision postgres chromium slack elasticsearch opensearch cards

format-check: setup
	$(PY) -m ruff format --check .

lint: setup
	$(PY) -m ruff check .

types: setup
	$(PY) -m mypy $(CODE)

contracts: setup
	$(PY) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'

links: setup
	$(PY) -m tests.support.links

check: format-check lint types contracts links  ## formatter, linter, types, import contracts, dead links

test: check provision  ## check, then every test but the long ones
	$(PYTEST) -m "not long"

test-fast: setup  ## the tests that need no server, browser or killed process
	$(PYTEST) -m "$(FAST)"

test-long: setup provision  ## the tests that take longer than ten minutes
	$(PYTEST) -m long --timeout 3600

format: setup  ## put the code into its format
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

LOCK := $(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate pyproject.toml
lock: setup  ## write the lock files anew from pyproject.toml (UPGRADE=1 takes newer versions)
	$(LOCK) $(if $(UPGRADE),--upgrade) -o requirements.lock
	$(LOCK) $(if $(UPGRADE),--upgrade) --group dev -c requirements.lock -o requirements-dev.lock

messages: setup  ## bring the catalogues of translations up to date with the English texts
	$(PY) -m tests.support.messages

screenshots: setup  ## take the pictures of the documentation
	@$(PY) -m tests.support.provision chromium fonts cards
	$(PY) -m tests.e2e.screenshots
	$(PY) -m tests.e2e.card_pictures

bench: setup  ## measure what the documentation claims
	@for file in bench/*.py; do \
		echo "== $$file"; $(PY) -m "bench.$$(basename "$$file" .py)" || exit 1; \
	done

clean:  ## take away everything that was made
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist build .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
