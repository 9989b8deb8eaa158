# make demo   the main job on embedded servers, told live in the terminal
# make test   lint, types and every test
# Both set up .venv by themselves; Python 3.11+ with venv and make are enough. PYTHON=python3.12 picks another one.
#
# make corpus   5 000 letters the reader was not written for, judged by stratum
# make bench  how fast letters are read, beside mail-parser with one pass of bs4, and what hostile letters cost
# make prove  disables each protection of tests/protections/ in a copy: a test must notice (IDS="D04 T" picks some)
# make mutate   changes the logic of reader and trust, a little at a time: the tests must notice (MUTATE="--sample 900 --seed 7 --only parsers")
# make fuzz   damaged and hostile letters, many more than the tests try (FUZZ="--seed 7 --examples 900")
# make kill-storm   kills the daemon hundreds of times in the middle of a backlog; a quarter of an hour (STORM="--seed 7" repeats one)
# make soak   a real daemon, 10 000 mails and 500 lost connections: memory, threads and files must not grow; up to three quarters of an hour (SOAK="--mails 500 --reconnects 40" is shorter)
# make crucible   random payments under random faults, deaths and people, then a proof; a quarter of an hour (N=2000; SEED=7 repeats one)
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO ?=
CORPUS ?= --count 5000 --seed 1
STORM ?=
MUTATE ?=
FUZZ ?=
SOAK ?=
N ?= 2000
SEED ?=

.PHONY: demo test lint types unit prove mutate fuzz kill-storm soak crucible corpus bench lock clean

demo: $(VENV)/.run
	@$(BIN)/reconciler demo $(DEMO)

test: lint types unit

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

unit: $(VENV)/.dev
	$(BIN)/python -m pytest $(TESTS)

prove: $(VENV)/.dev
	$(BIN)/python -m tests.prove $(IDS)

mutate: $(VENV)/.dev
	$(BIN)/python -m tests.mutate $(MUTATE)

fuzz: $(VENV)/.dev
	$(BIN)/python -m tests.fuzz $(FUZZ)

kill-storm: $(VENV)/.run
	@$(BIN)/python -m reconciler.sandbox.storm $(STORM)

soak: $(VENV)/.run
	@$(BIN)/python -m reconciler.sandbox.soak $(SOAK)

crucible: $(VENV)/.run
	@$(BIN)/python -m reconciler.sandbox.crucible --payments $(N) $(if $(SEED),--seed $(SEED))

corpus: $(VENV)/.dev
	@$(BIN)/python -m tests.corpus $(CORPUS)

bench: $(VENV)/.dev
	@$(BIN)/python -m tests.bench

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; PYTHON=python3.12 make names another one."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv module is missing: apt install python3-venv"; exit 1; }

# The locks carry the hash of every file that is installed.
$(VENV)/.run: $(VENV)/bin/python requirements.lock pyproject.toml
	@echo "Setting up $(VENV) (once, about half a minute) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python tests/requirements.lock pyproject.toml
	@echo "Setting up $(VENV) with the tools of the tests (once, about a minute) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r tests/requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.run

# Needs uv; the two exports are what pip installs.
lock:
	uv lock
	uv export -q --no-dev --no-emit-project --no-header -o requirements.lock
	uv export -q --no-emit-project --no-header --all-extras -o tests/requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
