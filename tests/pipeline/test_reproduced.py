"""The same training gives the same files, wherever; and what changed under it is not recorded."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.pipeline.repository import Repository

pytestmark = pytest.mark.slow

Copy = Callable[[Repository], Repository]
RUN = "no_dropout-0"
TRAIN, EVALUATE = f"train@{RUN}", f"evaluate@{RUN}"
PATIENCE = 120.0  # seconds for what takes a few


def recorded(repository: Repository, *stages: str) -> dict[str, Any]:
    """What the lock file says that the stages made."""
    lock = yaml.safe_load((repository.path / "dvc.lock").read_text())
    return {stage: lock["stages"][stage]["outs"] for stage in stages}


def test_a_run_in_another_home_gives_the_same_files(
    study: Repository, copy_of: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home whose Keras is set otherwise, with variables as a notebook may export them."""
    repository = copy_of(study)
    before = recorded(repository, TRAIN, EVALUATE)
    settings = {"image_data_format": "channels_first", "floatx": "float16", "backend": "jax",
                "epsilon": 0.1}  # fmt: skip
    (tmp_path / "home/.keras").mkdir(parents=True)
    (tmp_path / "home/.keras/keras.json").write_text(json.dumps(settings))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.setenv("KERAS_MAX_EPOCHS", "1")
    repository.dvc("repro", "--force", "--single-item", TRAIN, EVALUATE)
    assert recorded(repository, TRAIN, EVALUATE) == before
    assert "up to date" in repository.dvc("status")


def test_another_backend_than_the_configured_is_refused_in_one_line(
    study: Repository, copy_of: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = copy_of(study)
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    output = repository.dvc("repro", "--force", "--single-item", TRAIN, check=False)
    assert repository.status != 0
    (line,) = [line for line in output.splitlines() if line.startswith("train: ")]
    assert "KERAS_BACKEND is 'jax' and train.backend 'tensorflow'" in line
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("edited", "epochs"), [("ablation/networks/cnn.py", 12), ("configs/arms/long.yaml", 13)]
)
def test_an_edit_while_a_run_trains_is_not_recorded_with_its_result(
    edited: str, epochs: int, study: Repository, copy_of: Copy
) -> None:
    """Runs of different lengths, so that none is found in the cache that the tests share."""
    repository = copy_of(study)
    long = f"  long: {{label: long, extends: no_dropout, train: {{epochs: {epochs}}}}}\n"
    repository.edit("params.yaml", "arms:\n  simple_mnist:", f"arms:\n{long}  simple_mnist:")
    repository.dvc("repro", "split")
    lock = (repository.path / "dvc.lock").read_text()
    progress = repository.path / ".scratch/progress/long-0.json"
    process = subprocess.Popen(
        ["dvc", "repro", "--single-item", "train@long-0"],
        cwd=repository.path, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=os.environ, 
    )  # fmt: skip
    until(progress.exists, process)
    original = (repository.path / edited).read_bytes()
    with (repository.path / edited).open("a") as file:
        file.write("\n# An edit.\n")
    output = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode != 0, output
    (line,) = [line for line in output.splitlines() if line.startswith("train: ")]
    assert f"{edited} changed while training ran, so nothing is recorded" in line
    assert (repository.path / "dvc.lock").read_text() == lock
    # Taken back, the edit has cost nothing: the run goes on from where it was.
    (repository.path / edited).write_bytes(original)
    assert "long-0  goes on from" in repository.dvc("repro", "--single-item", "train@long-0")


def until(happened: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert process.poll() is None, process.stdout and process.stdout.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)
