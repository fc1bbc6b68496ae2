# make repro            the study at the scale of params.yaml; trains the runs that are out of date
# make repro SCALE=smoke   at another scale, in minutes; JOBS=N runs at a time (default: one per core)
# make repro GPU=1 SCALE=paper   on all NVIDIA GPUs of this machine: docs/gpu.md
# make repro LIVE=1     with live curves of each run by DVCLive, in live/ARM-SEED
# make repro SCHEDULER=tcp://HOST:8786   on the workers of a Dask cluster: docs/cluster.md
# make cluster          installs what the scheduler and each worker of a cluster need
# make repro YES=1      asks nothing before long training; FORCE=1 trains for days
# make exp SET="train.optimizer=adam"   the study with that change, recorded as an experiment
# make back             restores the committed params.yaml and results
# make verify           trains one run again and compares the results; RUN=ARM-SEED chooses it
# make predict IMAGE=docs/digits.png   predicts the largest digit in a picture, with the shipped network
# make predict IMAGE=FOLDER LABELS=FILE.csv   for each picture there, with the accuracy; also for an npz
# make ship             keeps the best network below 8 MB for `make predict`; RUN=ARM-SEED chooses it
# make bench            measures the waiting times of users, in reports/bench.json
# make test             checks style and types, runs all tests, among them small studies from clone to page
# make lint             checks style and types only
# make lock             updates the pinned versions from requirements.in
# make help             this list
#
# README.md shows plain DVC. make only installs the environment and calls `python -m runner`.
SHELL := /bin/bash
PYTHON ?= python3
# GPU=1 uses another environment: the same pins and CUDA's libraries.
VENV := .venv$(if $(GPU),-gpu)
BIN := $(VENV)/bin
PINS := requirements$(if $(GPU),-gpu).txt
# Variables of the command line, which make exports to the programs it starts.
known := SET SCALE JOBS GPU LIVE SCHEDULER GIT NETWORKS RUN IMAGE LABELS YES FORCE PYTHON
# A typo would start another study.
$(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(if $(filter $(name),$(known)),,$(error there is no $(name)=; there are $(known)))))
# What a shell has set for Python, or for another project's repository, changes nothing here.
unexport $(filter-out PYTHON,$(filter PYTHON%,$(.VARIABLES))) GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

# Don't echo commands.
.SILENT:
.PHONY: repro exp back verify predict ship bench cluster test lint lock help

repro: $(BIN)/.installed $(if $(LIVE),$(BIN)/.extra) $(if $(SCHEDULER),$(BIN)/.cluster)
	$(BIN)/python -m runner

exp: $(if $(SET),repro,needs-set)

needs-set:
	$(error SET is missing, for example: make exp SET="train.optimizer=adam")

ship: $(BIN)/.extra
# So that network.onnx is the same each time: tf2onnx names what it merges in the order of a set.
ship: export PYTHONHASHSEED := 0

back verify predict ship: $(BIN)/.installed
	$(BIN)/python -m runner.$@

bench: $(BIN)/.installed
	$(BIN)/python -m bench

cluster: $(BIN)/.cluster

# With the extras, so that no test is skipped.
test: lint $(BIN)/.extra $(BIN)/.cluster
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(BIN)/.installed
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

help:
	sed -n 's/^# \(make \)/\1/p' Makefile

# Any other name.
.DEFAULT:
	$(error there is no command '$@'; `make help` lists them)

# The environment. The file .installed has its folder. Where the environment says another, or that a package is
# not as pinned, or the pins differ, pip installs what is missing; it downloads before it removes. An environment
# whose Python is gone is made anew.
is := env -u PYTHONHOME -u PYTHONPATH -u PYTHONSAFEPATH $(BIN)/python -m ablation.environment
fits := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "Python 3.11, 3.12 or 3.13 is needed (TensorFlow supports no other); choose one, for example: make PYTHON=python3.11")
ifneq ($(shell $(is) 2>/dev/null),$(shell cat $(BIN)/.installed 2>/dev/null))
$(BIN)/.installed: again
endif
again: ;
$(BIN)/.installed: requirements.txt $(PINS)
	$(if $(shell test -L $(VENV) && echo link),$(error $(VENV) is a link, and its target stays as it is; after `rm $(VENV)` the same command makes an environment here))
	$(if $(shell test -e $(VENV) && ! test -e $(VENV)/pyvenv.cfg && echo other),$(error $(VENV) is no environment of Python; move it away, and the same command makes one))
	$(BIN)/python -c 'import pip; $(fits)' 2>/dev/null || { $(PYTHON) -c '$(fits)' && echo 'a new environment in $(VENV)' && $(PYTHON) -m venv --clear $(VENV); }
	echo 'installing the packages of $(PINS) that $(VENV) lacks: the first time a download of 0.9 GB, in some minutes, or more for a GPU'
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -r $(PINS)
	$(is) "$$(cat $@ 2>/dev/null)" > $@.new && mv $@.new $@

# Packages for live curves, for ONNX and the test of the page; and Dask. Each is installed when first needed.
$(BIN)/.extra: requirements-extra.txt $(BIN)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r $<
	touch $@

$(BIN)/.cluster: requirements-cluster.txt $(BIN)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

# Pins all of requirements.in, then the further packages for a GPU, the extras and a cluster, with hashes. The
# tool is pinned too.
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
	$(call beside,requirements-extra.txt,dvclive==3.49.1 tf2onnx==1.17.0 onnxruntime==1.32.0 axe-playwright-python==0.1.8,$(foreach name,playwright pyee greenlet tzdata,--no-emit-package $(name)))
	$(call beside,requirements-cluster.txt,distributed==2026.8.0)
	rm -r .venv-lock
