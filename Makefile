# make repro            the whole study at the scale of params.yaml; trains the runs that are out of date
# make repro SCALE=smoke   the same in minutes; JOBS=N runs at a time (default: the cores)
# make repro GPU=1 SCALE=paper   on every NVIDIA GPU of this machine: docs/gpu.md
# make repro LIVE=1     with curves of the runs in flight, by DVCLive: docs/live.md
# make repro SCHEDULER=tcp://HOST:8786   on the workers of a Dask cluster: docs/cluster.md
# make cluster          installs what the scheduler and each worker of a cluster need
# make exp SET="train.optimizer=adam"   the study with that change, recorded as an experiment
# make back             the committed params.yaml and results again
# make verify           trains one run again and compares; RUN=baseline-0 says which
# make predict IMAGE=docs/digits.png   what the shipped network sees in a picture
# make ship             keeps the best network below 2 MB for `make predict`; RUN=ARM-SEED that one
# make bench            measures what a person waits for, into reports/bench.json
# make test             style, types and tests, among them a whole study at smoke scale
# make lint             style and types alone
# make lock             pins anew what requirements.in leads to
# make help             this list
SHELL := /bin/bash
PYTHON ?= python3
# With GPU=1 an environment of its own, which has CUDA's libraries beside the same pins.
VENV := .venv$(if $(GPU),-gpu)
BIN := $(VENV)/bin
PINS := requirements$(if $(GPU),-gpu).txt
# What a person gives on the command line, make puts into the environment of what it starts.
choices := SET SCALE JOBS GPU LIVE SCHEDULER GIT NETWORKS RUN IMAGE YES FORCE
known := $(choices) PYTHON VENV BIN
# A typo would start another study.
$(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(if $(filter $(name),$(known)),,$(error there is no $(name)=; there are $(known)))))
# Compiled code beside the code is what every user has, so all of this must stand it.
unexport PYTHONDONTWRITEBYTECODE

# Don't echo commands.
.SILENT:
.PHONY: repro exp back verify predict ship bench cluster test lint lock help

repro: $(BIN)/.installed $(if $(LIVE),$(BIN)/.extra) $(if $(SCHEDULER),$(BIN)/.cluster)
	$(BIN)/python -m runner

exp: $(if $(SET),repro,needs-set)

needs-set:
	$(error say what to change, as in: make exp SET="train.optimizer=adam")

back verify predict ship: $(BIN)/.installed
	$(BIN)/python -m runner.$@

bench: $(BIN)/.installed
	$(BIN)/python -m bench

cluster: $(BIN)/.cluster

# The tests have the extras too, since a test that is skipped here runs nowhere.
test: lint $(BIN)/.extra $(BIN)/.cluster
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(BIN)/.installed
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

help:
	sed -n 's/^# \(make \)/\1/p' Makefile

# Whatever else a person types.
.DEFAULT:
	$(error there is no command '$@'; `make help` lists them)

# The environment, made again whenever the pins change. What a link leads to is not ours to empty.
$(BIN)/.installed: requirements.txt $(PINS)
	$(if $(shell test -L $(VENV) && echo link),$(error $(VENV) is a link; remove it, and `make` makes an environment of its own))
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "Python 3.11, 3.12 or 3.13 is needed (TensorFlow has no other); say which, as in: make PYTHON=python3.11")'
	echo 'installing the packages of $(PINS) into $(VENV), once, which takes some minutes: 0.9 GB to download, or more for a GPU'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $(PINS)
	touch $@

# What live curves and the test of the page need beside it; Dask. Both are added when first asked for.
$(BIN)/.extra: requirements-extra.txt $(BIN)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r $<
	touch $@

$(BIN)/.cluster: requirements-cluster.txt $(BIN)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

# Pins everything that requirements.in leads to, and what a GPU, the extras and a cluster need beside
# it, each file with its hashes, so that pip takes no other. The tool is pinned too.
COMPILE := .venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --generate-hashes
define beside
printf '%s\n' $2 | $(COMPILE) --constraint requirements.txt $3 - > .venv-lock/more.txt
sed -i '/==\|--hash/d' $1
awk 'NR == FNR {known[$$0]; next} /^[^ ]/ {new = !($$0 in known)} new' requirements.txt .venv-lock/more.txt >> $1
endef
lock:
	$(PYTHON) -m venv .venv-lock && .venv-lock/bin/python -m pip install --quiet uv==0.13.9
	$(COMPILE) requirements.in -o requirements.txt
	$(call beside,requirements-gpu.txt,'jax[cuda12]')
	$(call beside,requirements-extra.txt,dvclive==3.49.1 axe-playwright-python==0.1.8,$(foreach name,playwright pyee greenlet tzdata,--no-emit-package $(name)))
	$(call beside,requirements-cluster.txt,distributed==2026.8.0)
	rm -r .venv-lock
