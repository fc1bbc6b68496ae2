"""The stage that lays the images out: what `admit` took in is read whole, or refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ablation.base.cli import run
from ablation.base.files import write_yaml
from ablation.study.resolution import Resolved
from stages import preprocess

SIDE = 128  # px, the competition's
OWN = Path("data/own/competition")
WHOLE = {
    "train_images": np.arange(5 * SIDE * SIDE).astype(np.uint8).reshape(5, SIDE, SIDE),
    "train_labels": np.arange(5, dtype=np.uint8),
    "test_images": np.zeros((2, SIDE, SIDE), np.uint8),
}


@pytest.fixture(autouse=True)
def _project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, resolved: Callable[[str], Resolved]
) -> None:
    """The competition's data, four of its five training images asked for."""
    monkeypatch.chdir(tmp_path)
    small = {"source": "kaggle", "canvas": SIDE, "images": 4, "mnist_images": 6}
    data = resolved("smoke").data.model_copy(update=small | {"mnist_test_images": 3})
    write_yaml(Path("configs/data.yaml"), data.model_dump())
    Path("data/raw").mkdir(parents=True)
    digits = np.zeros((8, 28, 28), np.uint8)
    labels = np.arange(8, dtype=np.uint8)
    np.savez("data/raw/mnist.npz", x_train=digits, y_train=labels, x_test=digits, y_test=labels)
    OWN.mkdir(parents=True)
    for name, array in WHOLE.items():
        np.save(OWN / f"{name}.npy", array)


def test_the_competition_s_images_stand_in_the_composed_ones_place() -> None:
    run("preprocess", preprocess.main)
    images = np.load("data/sets/train/modified/images.npy")
    np.testing.assert_array_equal(images, WHOLE["train_images"][:4])
    assert np.load("data/sets/train/modified/labels.npy").tolist() == [0, 1, 2, 3]
    assert np.load("data/sets/test/modified/images.npy").shape == (2, SIDE, SIDE)
    assert not Path("data/sets/test/modified/labels.npy").exists()
    assert len(np.load("data/sets/train/mnist/images.npy")) == 6


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("damage", ["another side", "numbers", "one value", "other objects"])
def test_what_admit_left_is_refused_where_it_is_damaged(name: str, damage: str) -> None:
    whole = WHOLE[name]
    other = {
        "another side": np.stack([whole, whole], axis=-1),
        "numbers": whole.astype(np.float32),
        "one value": np.uint8(3),
        "other objects": np.array(["a"] * len(whole)),
    }
    np.save(OWN / f"{name}.npy", other[damage])
    with pytest.raises(SystemExit, match=rf"{name}\.npy holds .*`dvc repro admit`"):
        run("preprocess", preprocess.main)


def test_a_label_for_each_image() -> None:
    np.save(OWN / "train_labels.npy", WHOLE["train_labels"][:4])
    with pytest.raises(SystemExit, match=r"train_labels\.npy holds 4 labels of 5 images"):
        run("preprocess", preprocess.main)


def test_more_images_than_the_competition_has_are_refused() -> None:
    for name in ("train_images", "train_labels"):
        np.save(OWN / f"{name}.npy", WHOLE[name][:3])
    with pytest.raises(SystemExit, match=r"data\.images = 4; allowed: at most 3"):
        run("preprocess", preprocess.main)
