"""The driver's refusals, and what it packs for a machine without DVC."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

from tests.pipeline.repository import Repository


def driver(path: Path, *arguments: str, backend: str = "jax") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "device", *arguments],
        cwd=path, env=os.environ | {"KERAS_BACKEND": backend}, check=False, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


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
