"""The stages that lay images out and split them: composed, or what `admit` took in, read whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ablation.base.cli import run
from ablation.base.files import write_yaml
from ablation.composition.backgrounds import pictures
from ablation.composition.compose import compose
from ablation.composition.digits import Digits
from ablation.composition.placement import geometry
from ablation.study.resolution import Resolved
from stages import preprocess, split

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
    # And the same ones halved, whose canvas is the paper's.
    smaller = np.load("data/sets/train/modified_128/images.npy")
    np.testing.assert_array_equal(smaller, preprocess.halved(images))
    assert np.load("data/sets/train/modified_128/labels.npy").tolist() == [0, 1, 2, 3]
    assert np.load("data/sets/test/modified_128/images.npy").shape == (2, SIDE // 2, SIDE // 2)


def test_a_pixel_of_a_halved_image_is_the_mean_of_four_halves_rounded_up() -> None:
    image = np.array([[0, 1, 255, 255], [0, 1, 255, 254], [4, 5, 0, 0], [6, 8, 0, 1]], np.uint8)
    many = np.repeat(image[None], preprocess.BLOCK + 1, axis=0)
    found = preprocess.halved(many)
    assert (found.dtype, found.shape) == (np.uint8, (len(many), 2, 2))
    assert (found == [[1, 255], [6, 0]]).all()  # of 0.5, 254.75, 5.75 and 0.25


def test_both_canvases_are_composed_alike_of_other_images_and_split(
    resolved: Callable[[str], Resolved], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    study = resolved("smoke")
    small = {"images": 30, "test_images": 10, "mnist_images": 20, "mnist_test_images": 10}
    data = study.data.model_copy(update=small)
    write_yaml(Path("configs/data.yaml"), data.model_dump())
    write_yaml(Path("configs/study.yaml"), study.study.model_dump())
    rng = np.random.default_rng(0)
    glyphs = rng.integers(0, 256, (20, 28, 28), np.uint8)
    digits = Digits(glyphs, np.arange(20, dtype=np.uint8) % 10)
    stored = {"x_train": digits.images, "y_train": digits.labels}
    stored |= {"x_test": digits.images, "y_test": digits.labels}
    np.savez("data/raw/mnist.npz", **stored)
    run("preprocess", preprocess.main)

    sources = pictures(data.backgrounds, data.background_seed)
    stream = ("images", data.image_seed, "train")
    for name, canvas, named in (
        ("modified", data.canvas, stream),
        ("modified_128", SIDE, (*stream, "modified_128")),
    ):
        layout = geometry(data.model_copy(update={"canvas": canvas}))
        composed = compose(digits, 30, layout, sources, named)
        shown = composed.images if canvas == data.canvas else preprocess.halved(composed.images)
        folder = Path("data/sets/train") / name
        np.testing.assert_array_equal(np.load(folder / "images.npy"), shown)
        np.testing.assert_array_equal(np.load(folder / "labels.npy"), composed.labels)

    run("split", split.main)
    with np.load(f"data/split/{study.study.seeds[0]}.npz") as parts:
        sizes = {name: len(numbers) for name, numbers in parts.items()}
    assert sizes == {
        "modified_training": 24, "modified_validation": 6, "mnist_training": 16,
        "mnist_validation": 4, "modified_128_training": 24, "modified_128_validation": 6,
    }  # fmt: skip


def test_more_images_than_the_competition_has_are_refused() -> None:
    for name in ("train_images", "train_labels"):
        np.save(OWN / f"{name}.npy", WHOLE[name][:3])
    with pytest.raises(SystemExit, match=r"data\.images = 4; allowed: at most 3"):
        run("preprocess", preprocess.main)
