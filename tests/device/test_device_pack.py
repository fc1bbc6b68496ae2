"""What travels to a machine with JAX alone: of ImageNet weights those that arms start from."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ablation.base.errors import UserError
from ablation.base.files import write_yaml
from ablation.study.resolution import Resolved
from ablation.training.config import ArmConfig
from device import pack


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study without arms, and small files in the place of all that `fetch` makes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["pack", "pack.tar.gz", "--no-wheels"])
    write_yaml(Path("configs/study.yaml"), {})
    Path("data/raw").mkdir(parents=True)
    for name in ("mnist", "vgg16", "vgg19"):
        np.savez(f"data/raw/{name}.npz", block1_conv1=np.arange(6, dtype=np.float32) / 3)
    return tmp_path


def packed(*arms: ArmConfig) -> list[str]:
    """The files of weights in the pack of a study of these arms."""
    for number, arm in enumerate(arms):
        write_yaml(Path(f"configs/arms/{number}.yaml"), arm.model_dump())
    pack.main()
    with tarfile.open("pack.tar.gz") as archive:
        archive.extractall("there", filter="data")
        names = archive.getnames()
    assert "data/raw/mnist.npz" in names
    return [name for name in names if "vgg" in name]


def test_the_weights_that_arms_start_from_travel_as_float16(
    project: Path, resolved: Callable[[str], Resolved], vgg19_arm: ArmConfig
) -> None:
    arms = resolved("smoke").arms
    assert packed(arms["baseline"], vgg19_arm) == []
    deeper = vgg19_arm.model.model_copy(update={"weights": "imagenet"})
    vgg19_arm = vgg19_arm.model_copy(update={"model": deeper})
    assert packed(arms["baseline"], vgg19_arm) == ["data/raw/vgg19.npz"]
    two = [arms[name] for name in ("vgg_raw", "vgg_augmented")]
    assert packed(*two, vgg19_arm) == ["data/raw/vgg16.npz", "data/raw/vgg19.npz"]
    with np.load("there/data/raw/vgg19.npz") as arrays:
        (array,) = arrays.values()
    assert array.dtype == np.float16
    np.testing.assert_allclose(array, np.arange(6) / 3, rtol=1e-3)


def test_weights_that_are_not_there_are_told(
    project: Path, resolved: Callable[[str], Resolved]
) -> None:
    Path("data/raw/vgg16.npz").unlink()
    with pytest.raises(UserError, match=r"data/raw/vgg16.npz is missing; run `dvc repro fetch`"):
        packed(resolved("smoke").arms["vgg_raw"])
    assert not Path("pack.tar.gz").exists()
