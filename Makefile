# make repro            the whole study at the scale of params.yaml, runs side by side
# make repro SCALE=smoke   the same in minutes; JOBS=N runs at a time (default: the cores)
# make repro GPU=1 SCALE=paper   on every NVIDIA GPU of this machine: docs/gpu.md
# make exp SET="train.optimizer=adam"   the study with that change, recorded as an experiment
# make experiments      what the experiments since the last commit changed, and the arms that differ
# make predict IMAGE=digits.png   what the shipped network sees in a picture
# make ship            keeps the best network below 2 MB for `make predict`
# make back             the committed scale and results again; other edits of params.yaml stay
# make check           says whether the committed results belong to this code and these parameters
# make keep             puts finished runs into the results in git: docs/results.md
# make results          the table of arms, as committed
# make bench            measures this machine into reports/bench.json; PART="no_op memory" a part of it
# make test             style, types and tests, among them a whole study at smoke scale
# make help             this list
SHELL := /bin/bash
PYTHON ?= python3
# With GPU=1 an environment of its own, which has CUDA's libraries beside the same pins.
VENV := .venv$(if $(GPU),-gpu)
BIN := $(VENV)/bin
PINS := requirements$(if $(GPU),-gpu).txt
OPTIONS := $(if $(JOBS),--jobs $(JOBS)) $(if $(GPU),--gpu) $(if $(FORCE),--force)
RUN := source $(BIN)/activate &&

# Compiled code beside the code is what every user has, so all of this must stand it.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: repro help results exp experiments predict ship back check keep bench test test-pipeline test-modules lint lock

repro: $(BIN)/.installed
	$(RUN) python -m runner $(if $(SCALE),--scale $(SCALE)) $(OPTIONS)

help:
	@sed -n 's/^# \(make \)/\1/p' Makefile

results:
	@cat reports/tables/arms.md

exp: $(BIN)/.installed
	$(if $(SET),,$(error say what to change, as in: make exp SET="train.optimizer=adam"))
	$(RUN) python -m runner --set $(SET) $(OPTIONS)

# `dvc exp show` has a column for every parameter of params.yaml; this shows what differs.
experiments: $(BIN)/.installed
	$(RUN) python -m runner.experiments

predict: $(BIN)/.installed
	$(RUN) python -m runner.predict '$(subst ','\'',$(IMAGE))'

ship: $(BIN)/.installed
	$(RUN) python -m runner.ship

back: $(BIN)/.installed
	$(RUN) python -m runner.back

# It needs no data and takes seconds: what to run in a fresh clone.
check: $(BIN)/.installed
	$(RUN) python -m runner.check

keep: $(BIN)/.installed
	$(RUN) python -m runner.keep

bench: $(BIN)/.installed
	$(RUN) python -m bench $(if $(PART),--part $(PART))

# In two halves side by side: the tests that run whole studies, and all others.
test: lint
	$(MAKE) --no-print-directory --jobs 2 --keep-going test-pipeline test-modules

test-pipeline: $(BIN)/.installed
	$(RUN) python -m pytest tests/pipeline

test-modules: $(BIN)/.installed
	$(RUN) python -m pytest --ignore tests/pipeline

lint: $(BIN)/.installed
	$(RUN) ruff check . && ruff format --check . && mypy

# The environment, made again whenever the pins change.
$(BIN)/.installed: requirements.txt $(PINS)
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "Python 3.11, 3.12 or 3.13 is needed (TensorFlow has no other); say which, as in: make PYTHON=python3.11")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $(PINS)
	touch $@

# Pins everything that requirements.in leads to, and what JAX needs for a GPU beside it.
COMPILE := .venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate
lock:
	$(PYTHON) -m venv .venv-lock && .venv-lock/bin/python -m pip install --quiet uv
	$(COMPILE) requirements.in -o requirements.txt
	echo 'jax[cuda12]' | $(COMPILE) --constraint requirements.txt - > .venv-lock/gpu.txt
	sed -i '/==/d' requirements-gpu.txt && grep -vxFf requirements.txt .venv-lock/gpu.txt >> requirements-gpu.txt
	rm -r .venv-lock
