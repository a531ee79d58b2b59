# Two commands do all set-up: `make gate` and `make test`. `make help` lists the others.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEV := $(VENV)/.dev
RUN := $(VENV)/.run
ACCOUNTS ?= 2000
COMPILE := $(BIN)/uv pip compile pyproject.toml requirements/build.in --quiet --upgrade --python-version 3.11 --generate-hashes --no-annotate --no-header \
	--no-emit-index-url --no-emit-find-links
BROKEN ?=
N ?= 1000
SEED ?= 4711
MODULES ?=
LIVE ?=
IS_LIVE := $(filter 1 yes true,$(LIVE))
DEMO_FLAGS := $(if $(filter 1 yes true,$(BROKEN)),--broken) $(if $(IS_LIVE),--live)
AS_OF := $(if $(IS_LIVE),--as-of 2024-11-05T20:30:00+00:00)

# Compiled modules and templates are kept, as pip keeps those that it installs, also where the surroundings say otherwise: else every start compiles all of them.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help gate story test test-fast lint format docs matrix matrix-random mutants bench bench-batches bench-lock bench-page bench-snapshot bench-tight lab notebooks wheel lock clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(RUN): requirements/run.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the locked dependencies"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements/dev.lock $(RUN)
	@echo "installing the locked development dependencies"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@touch $@

gate: $(if $(IS_LIVE),$(DEV),$(RUN))  ## run batch 1 of the demo and gate batch 2 (BROKEN=1 plants corruptions, LIVE=1 takes it from servers)
	@$(BIN)/dq demo --snapshots snapshots --accounts $(ACCOUNTS) $(DEMO_FLAGS)
	@$(BIN)/dq run --batch 1 $(AS_OF) || test $$? = 1
	@echo
	@status=0; $(BIN)/dq gate --batch 2 $(AS_OF) || status=$$?; echo "dq exit status: $$status"; exit $$status

story: $(DEV)  ## four batches from the first run to the signed report; ends with STORY VERIFIED and its path
	@$(BIN)/python -m tests.story

test: $(DEV)  ## every test, real stores and browser included
	@$(BIN)/python -m pytest -n auto --dist loadgroup

test-fast: $(DEV)  ## the tests without servers, browser and what is slow
	@$(BIN)/python -m pytest -n auto --dist loadgroup -m "not slow and not browser"

lint: $(DEV)  ## ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(DEV)  ## let ruff mend what it can
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

docs: $(DEV)  ## write anew the pages that are made from the code
	@$(BIN)/python -m tests.docs.reference
	@$(BIN)/python -m tests.matrix.page

matrix: $(DEV)  ## every corruption caught by the named checks, every neutral change silent
	@$(BIN)/python -m tests.matrix

matrix-random: $(DEV)  ## N random combinations of corruptions, drawn with SEED, held against the slow oracle
	@$(BIN)/python -m tests.matrix.combinations --number $(N) --seed $(SEED)

mutants: $(DEV)  ## break the comparison in N small ways, drawn with SEED (MODULES=dq/compare/rows.py: only there); which does no test notice?
	@$(BIN)/python -m tests.mutants --number $(N) --seed $(SEED) $(if $(MODULES),--modules $(MODULES))

bench: $(DEV)  ## speed beside the hand-written limit and the peers, as ratios (AXES=1: along every axis too)
	@$(BIN)/python -m benchmarks

bench-batches: $(DEV)  ## what a gate asks and takes as signed batches grow to 49
	@$(BIN)/python -m benchmarks.batches

bench-page: $(DEV)  ## write what `make bench` measured into docs/benchmarks.md and its pictures
	@$(BIN)/python -m benchmarks.page

bench-lock: $(DEV)  ## write the peers' lock files anew
	@$(BIN)/python -m benchmarks.locking

bench-snapshot: $(DEV)  ## speed and memory of sealing a server's table, beside its own client
	@$(BIN)/python -m benchmarks.snapshots

bench-tight: $(DEV)  ## the same run with little memory, one thread, a cold cache and a full disk: slower, never another answer
	@$(BIN)/python -m benchmarks.tight

lab: $(DEV)  ## JupyterLab at the first notebook, which shows the newest run
	@$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) notebooks/01_start_here.ipynb

notebooks: $(DEV)  ## every notebook on the newest run, or on the demo's where there is none; copies stay with the run
	@ls runs/*/report.json >/dev/null 2>&1 || { $(BIN)/dq demo --snapshots snapshots --accounts $(ACCOUNTS) $(DEMO_FLAGS) && { $(BIN)/dq gate --batch 2 || test $$? = 1; }; }
	@$(BIN)/dq show --notebook

wheel: $(DEV)  ## build the wheel into dist/
	@$(BIN)/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

lock: $(DEV)  ## write the lock files anew
	@$(COMPILE) --output-file requirements/run.lock
	@$(COMPILE) --extra dev --output-file requirements/dev.lock

clean:  ## remove what the targets made
	@rm -rf $(VENV) snapshots runs story demo dq-demo dist build *.egg-info
