# make repro            the whole study at the scale of params.yaml; runs whose results are in git are restored
# make repro RETRAIN=1  the same, and every run trains that was not trained on this machine
# make repro SCALE=smoke   the same in some twenty minutes; JOBS=N runs at a time (default: the cores)
# make repro GPU=1 SCALE=paper   on every NVIDIA GPU of this machine: docs/gpu.md
# make repro LIVE=tensorboard   with curves to watch while runs train, or LIVE=dvclive: docs/live.md
# make repro SCHEDULER=tcp://HOST:8786   on the workers of a Dask cluster: docs/cluster.md
# make cluster          installs what the scheduler and each worker of a cluster need
# make exp SET="train.optimizer=adam"   the study with that change, recorded as an experiment
# make experiments      what the experiments since the last commit changed, and the arms that differ
# make predict IMAGE=docs/digits.png   what the shipped network sees in a picture
# make ship            keeps the best network below 2 MB for `make predict` (RUN=ARM-SEED: that one)
# make unseen          trains with each background family left out: how far accuracy falls on it
# make back             the committed scale and results again; other edits of params.yaml stay
# make check           says whether the committed results belong to this code and these parameters
# make verify           trains one run again (RUN=baseline-0 says which) and compares
# make keep             puts finished runs into the results in git: docs/results.md
# make results          the table of arms, as the last study left it
# make bench            measures this machine into reports/bench.json; PART="no_op memory" a part of it
# make test             style, types and tests, among them a whole study at smoke scale
# make help             this list
SHELL := /bin/bash
PYTHON ?= python3
# With GPU=1 an environment of its own, which has CUDA's libraries beside the same pins.
VENV := .venv$(if $(value GPU),-gpu)
BIN := $(VENV)/bin
PINS := requirements$(if $(value GPU),-gpu).txt
EXTRA := $(BIN)/.extra
CLUSTER := $(BIN)/.cluster
# A typo would start another study. The last three are set below, whatever a person gives.
choices := SET SCALE SCHEDULER GIT NETWORKS JOBS ARMS RUN PART IMAGE GPU FORCE RETRAIN LIVE
known := $(choices) PYTHON VENV BIN
$(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(if $(filter $(name),$(known) options activated more),,$(error there is no $(name)=; there are $(known)))))
# What a person gives is one word for the shell, or with `each` some, and never a command.
define newline


endef
unsafe = $(subst $(newline), ,$(value $1))
quoted = '$(subst ','\'',$(unsafe))'
each = $(foreach word,$(unsafe),'$(subst ','\'',$(word))')
unexport $(choices)
override options = $(if $(value JOBS),--jobs=$(call quoted,JOBS))$(if $(value GPU), --gpu)$(if $(value FORCE), --force)$(if $(value RETRAIN), --retrain)$(if $(value LIVE), --live=$(call quoted,LIVE))$(if $(value SCHEDULER), --scheduler=$(call quoted,SCHEDULER))$(if $(value GIT), --git=$(call quoted,GIT))$(if $(value NETWORKS), --networks)
# What these need beside the environment.
override more = $(if $(value LIVE),$(EXTRA)) $(if $(value SCHEDULER),$(CLUSTER))
override activated := source $(BIN)/activate &&

# Compiled code beside the code is what every user has, so all of this must stand it.
unexport PYTHONDONTWRITEBYTECODE

# A person sees what the commands say, and not the commands.
.SILENT:
.PHONY: repro cluster help results exp experiments predict ship unseen back check verify keep bench test test-study test-rest lint lock

repro: $(BIN)/.installed $(more)
	$(activated) python -m runner $(if $(value SCALE),--scale=$(call quoted,SCALE)) $(options)

cluster: $(CLUSTER)

# Whatever else a person types.
.DEFAULT:
	$(error there is no command '$@'; `make help` lists them)

help:
	sed -n 's/^# \(make \)/\1/p' $(firstword $(MAKEFILE_LIST))

results:
	cat reports/tables/arms.md 2> /dev/null || { echo 'no results of this code are here yet: run make repro' >&2; exit 1; }

exp: $(BIN)/.installed $(more)
	$(if $(value SET),,$(error say what to change, as in: make exp SET="train.optimizer=adam"))
	$(activated) python -m runner --changes=$(call quoted,SET) $(options)

# `dvc exp show` has a column for every parameter of params.yaml; this shows what differs.
experiments: $(BIN)/.installed
	$(activated) python -m runner.experiments

predict: $(BIN)/.installed
	$(activated) python -m runner.predict $(call quoted,IMAGE)

ship: $(BIN)/.installed
	$(activated) python -m runner.ship $(if $(value RUN),--run=$(call quoted,RUN))

unseen: $(BIN)/.installed
	$(activated) python -m runner.unseen $(if $(value RUN),--run=$(call quoted,RUN))

back: $(BIN)/.installed
	$(activated) python -m runner.back

# It needs no data and takes seconds: what to run in a fresh clone.
check: $(BIN)/.installed
	$(activated) python -m runner.check

verify: $(BIN)/.installed
	$(activated) python -m runner.verify $(if $(value RUN),--run=$(call quoted,RUN))

keep: $(BIN)/.installed
	$(activated) python -m runner.keep

bench: $(BIN)/.installed
	$(activated) python -m bench $(if $(value PART),--part $(call each,PART))

# In two halves side by side: the tests of one finished study with some more, and all others.
# They have Dask too, since a test that is skipped here runs nowhere.
# Both extras first, since two of pip at a time in one environment would be in each other's way.
test: lint $(EXTRA) $(CLUSTER)
	$(MAKE) --no-print-directory --jobs 2 --keep-going test-study test-rest

test-study: $(EXTRA) $(CLUSTER)
	$(activated) python -m pytest -m study tests/pipeline

test-rest: $(EXTRA) $(CLUSTER)
	$(activated) python -m pytest -m "not study"

lint: $(BIN)/.installed
	$(activated) ruff check . && ruff format --check . && mypy

# The environment, made again whenever the pins change.
$(BIN)/.installed: requirements.txt $(PINS)
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "Python 3.11, 3.12 or 3.13 is needed (TensorFlow has no other); say which, as in: make PYTHON=python3.11")'
	echo 'installing the packages of $(PINS) into $(VENV), once, which takes some minutes: 0.9 GB to download, or more for a GPU'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $(PINS)
	touch $@

# What live curves and the test of the page need beside it, added when it is first asked for.
$(EXTRA): requirements-extra.txt $(BIN)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-extra.txt
	touch $@

# Dask, likewise.
$(CLUSTER): requirements-cluster.txt $(BIN)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-cluster.txt
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
	$(call beside,requirements-extra.txt,dvclive==3.49.1 tensorboard==2.21.0 axe-playwright-python==0.1.8,$(foreach name,playwright pyee greenlet tzdata,--no-emit-package $(name)))
	$(call beside,requirements-cluster.txt,distributed==2026.8.0)
	rm -r .venv-lock
