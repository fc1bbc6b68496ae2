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

from ablation.base.files import read_json, read_yaml, write_json
from tests.pipeline.repository import Repository, ran

RUNS = ("baseline-0", "vgg_augmented-0")


def driver(
    path: Path, *arguments: str, backend: str = "jax", module: str = "device"
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
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
    collect_together(path)
    table = pd.read_csv(path / "reports/runs.csv").set_index("arm")
    judged = read_json(path / "models/evaluations/baseline-0/metrics.json")
    assert table.loc["baseline", "test_accuracy"] == pytest.approx(judged["test_accuracy"])


def collect_together(path: Path) -> None:
    """Refused while other runs are the study's own; done where all are the driver's."""
    refused = driver(path, "reports/paper", module="device.collect")
    assert refused.returncode == 1
    assert refused.stdout.startswith("collect: not trained by `python -m device`: simple_mnist-0,")
    assert not (path / "reports/paper").exists()
    note = read_json(path / "models/histories/baseline-0/device.json")
    assert note["configuration"] == read_yaml(path / "configs/arms/baseline.yaml")
    for folder in (path / "models/histories").iterdir():
        arm = read_yaml(path / f"configs/arms/{folder.name.removesuffix('-0')}.yaml")
        write_json(folder / "device.json", note | {"configuration": arm})
    done = driver(path, "reports/paper", module="device.collect")
    assert done.stdout == "collect: 14 runs of 14 arms in reports/paper\n"
    provenance = read_json(path / "reports/paper/provenance.json")
    assert provenance["scale"] == "smoke"
    assert (path / "reports/paper/report.html").exists()
    assert (path / "reports/paper/figures/dropout.png").exists()


@pytest.mark.parametrize(
    ("arguments", "backend", "said"),
    [
        (("baseline-0",), "tensorflow", "device: the driver runs under JAX; set KERAS_BACKEND=jax"),
        (("--together", "0"), "jax", "device: --together is 0; allowed: 1 or more"),
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
def test_seeds_that_train_at_once_leave_the_files_of_each(
    study: Repository, copy_of: Callable[[Repository], Repository]
) -> None:
    repository = copy_of(study)
    repository.edit("params.yaml", "\nseeds: [0]", "\nseeds: [0, 1]")
    repository.dvc("repro", "split")
    runs = ("simple-0", "simple-1")
    shutil.rmtree(repository.path / "models/histories/simple-0")
    first = driver(repository.path, "--together", "2", "--seconds", "0.1", *runs)
    assert first.returncode == 3, first.stdout
    assert "simple-0, simple-1  time is up; the same command goes on" in first.stdout
    second = driver(repository.path, "--together", "2", *runs)
    assert second.returncode == 0, second.stdout
    histories = []
    for run in runs:
        folder = repository.path / "models/histories" / run
        assert read_json(folder / "device.json")["trained_together"] == 2
        histories.append((folder / "history.csv").read_text())
        judged = read_json(repository.path / f"models/evaluations/{run}/metrics.json")
        assert 0 <= judged["test_accuracy"] <= 1
    assert histories[0] != histories[1]
    assert not list((repository.path / ".scratch/device").iterdir())


@pytest.mark.slow
def test_an_arm_with_fresh_images_trains_in_the_study_and_by_the_driver(
    study: Repository, copy_of: Callable[[Repository], Repository]
) -> None:
    repository = copy_of(study)
    arm = "  fresh: {label: fresh, train: {fresh_images: true}}\n"
    repository.edit("params.yaml", "\narms:\n", f"\narms:\n{arm}")
    output = repository.dvc("repro", "train@fresh-0")
    assert ran(output, "train") == ["train@fresh-0"]
    histories = repository.path / "models/histories"
    columns = ["epoch", "metric"]
    own, fixed = (pd.read_csv(histories / f"{a}-0/history.csv") for a in ("fresh", "baseline"))
    assert own[columns].equals(fixed[columns])
    losses = [table.set_index(columns)["value"][1, "running_loss"] for table in (own, fixed)]
    assert losses[0] != losses[1]  # the same network saw other images
    shutil.rmtree(histories / "fresh-0")
    done = driver(repository.path, "fresh-0")
    assert done.returncode == 0, done.stdout
    assert pd.read_csv(histories / "fresh-0/history.csv")[columns].equals(fixed[columns])


@pytest.mark.slow
def test_the_speed_of_an_arm_is_a_share_of_the_device_s_matrix_rate(
    study: Repository, tmp_path: Path
) -> None:
    out = tmp_path / "speed.json"
    small = ("--steps", "2", "--batch", "4", "--matrix", "256", "--out", str(out))
    done = driver(study.path, "baseline", "vgg_augmented", *small, module="device.speed")
    assert done.returncode == 0, done.stdout
    assert "baseline  " in done.stdout
    results = read_json(out)
    (rate,) = results["matrix_flops_per_second"].values()
    cnn, vgg = results["arms"]
    assert (cnn["arm"], vgg["arm"]) == ("baseline", "vgg_augmented")
    assert vgg["flops_per_image"] > cnn["flops_per_image"]
    for row in (cnn, vgg):
        work = row["flops_per_image"] * row["images_per_second"]
        assert row["share"] == pytest.approx(work / rate)
        assert row["share"] > 0
    wrong = driver(study.path, "basline", module="device.speed")
    assert wrong.returncode == 1
    assert wrong.stdout.startswith("speed: no arm 'basline'; arms: adam, baseline,")
    assert len(wrong.stdout.splitlines()) == 1


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
    for name in ("data/sets/train/modified/images.npy", "data/sets/test/mnist/labels.npy"):
        np.testing.assert_array_equal(np.load(there / name), np.load(study.path / name))
    with (
        np.load(there / "data/raw/vgg16.npz") as ours,
        np.load(study.path / "data/raw/vgg16.npz") as theirs,
    ):
        assert ours.files == theirs.files
        for name in theirs.files:
            np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-3, atol=1e-7)
