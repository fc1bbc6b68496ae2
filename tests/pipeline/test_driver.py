"""The driver on the study's own files at smoke scale, and the stages that read what it leaves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ablation.files import read_json
from tests.pipeline.repository import Repository

RUNS = ("baseline-0", "vgg_augmented-0")


def driver(path: Path, *arguments: str, backend: str = "jax") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "device", *arguments],
        cwd=path, env=os.environ | {"KERAS_BACKEND": backend}, check=False, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


@pytest.mark.slow
def test_the_driver_s_runs_are_read_as_the_study_s_own(
    study: Repository, copy_of: Callable[[Repository], Repository]
) -> None:
    path = copy_of(study).path
    for run in RUNS:
        shutil.rmtree(path / "models/histories" / run)
        shutil.rmtree(path / "models/evaluations" / run)
        (path / f"models/networks/{run}.keras").unlink()
    first = driver(path, "--seconds", "0.1", "--commit", "abc", *RUNS)
    assert first.returncode == 3, first.stdout
    assert "baseline-0  time is up; the same command goes on" in first.stdout
    second = driver(path, "--commit", "abc", *RUNS)
    assert second.returncode == 0, second.stdout
    assert "baseline-0  epoch 2/2" in second.stdout
    again = driver(path, *RUNS)
    assert again.returncode == 0
    for run in RUNS:
        assert f"{run}  is finished" in again.stdout
        assert f"{run}  epoch" not in again.stdout

    for run in RUNS:
        ours, theirs = (
            pd.read_csv(folder / "models/histories" / run / "history.csv")
            for folder in (path, study.path)
        )
        assert ours.columns.tolist() == theirs.columns.tolist()
        assert ours[["epoch", "metric"]].equals(theirs[["epoch", "metric"]])
        note = read_json(path / "models/histories" / run / "device.json")
        assert note["commit"] == "abc"
        assert note["epochs"] == ours["epoch"].max() == note["configuration"]["train"]["epochs"]
        assert note["libraries"].keys() == {"python", "jax", "keras", "numpy"}
    for stage in ("compare", "summarize", "report"):
        subprocess.run([sys.executable, "-m", f"stages.{stage}"], cwd=path, check=True)
    table = pd.read_csv(path / "reports/runs.csv").set_index("arm")
    judged = read_json(path / "models/evaluations/baseline-0/metrics.json")
    assert table.loc["baseline", "test_accuracy"] == pytest.approx(judged["test_accuracy"])


@pytest.mark.parametrize(
    ("arguments", "backend", "said"),
    [
        (("baseline-0",), "tensorflow", "device: the driver runs under JAX; set KERAS_BACKEND=jax"),
        (
            ("baseline-7",),
            "jax",
            "device: no run 'baseline-7' in this study; runs: simple_mnist-0,",
        ),
    ],
)
def test_a_mistake_is_one_line(
    arguments: tuple[str, ...], backend: str, said: str, study: Repository
) -> None:
    done = driver(study.path, *arguments, backend=backend)
    assert done.returncode == 1
    assert done.stdout.startswith(said)
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.slow
def test_a_pack_holds_all_that_the_stages_before_training_read(
    study: Repository, tmp_path: Path
) -> None:
    """Unpacked alone, it composes the images that the study composed."""
    pack, there = tmp_path / "pack.tar.gz", tmp_path / "there"
    command = [sys.executable, "-m", "device.pack", str(pack), "--no-wheels"]
    subprocess.run(command, cwd=study.path, check=True)
    assert pack.stat().st_size < 45e6
    with tarfile.open(pack) as archive:
        archive.extractall(there, filter="data")
    for stage in ("preprocess", "split"):
        subprocess.run([sys.executable, "-m", f"stages.{stage}"], cwd=there, check=True)
    for name in ("data/sets/modified/train_images.npy", "data/sets/mnist/test_labels.npy"):
        np.testing.assert_array_equal(np.load(there / name), np.load(study.path / name))
    with (
        np.load(there / "data/raw/vgg16.npz") as ours,
        np.load(study.path / "data/raw/vgg16.npz") as theirs,
    ):
        assert ours.files == theirs.files
        for name in theirs.files:
            np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-3, atol=1e-7)
