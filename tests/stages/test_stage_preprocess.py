"""The stages that lay the images out and split them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.base.errors import UserError
from ablation.base.files import write_yaml
from stages import preprocess, split
from stages.split import stratified

OWN, SETS = Path("data/own/competition"), Path("data/sets")
SIDE = 64
OWN_S = {
    "train_images": np.arange(5 * SIDE * SIDE).astype(np.uint8).reshape(5, SIDE, SIDE),
    "train_labels": np.arange(5, dtype=np.uint8),
    "test_images": np.ones((2, SIDE, SIDE), np.uint8),
}
SEEDS = {"seeds": [3], "costly_seeds": [7]}
Configure = Callable[..., None]


@pytest.fixture
def configure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, resolved: Callable[..., Any]
) -> Configure:
    """Writes the data's configuration, with changes; ten digits each are there to make it of."""
    monkeypatch.chdir(tmp_path)
    study = resolved("smoke")
    write_yaml(Path("configs/study.yaml"), study.study.model_dump() | SEEDS)
    Path("data/raw").mkdir(parents=True)
    digits = np.zeros((2, 10, 28, 28), np.uint8)
    digits[0, :, 6:22, 8:20], digits[1, :, 6:22, 8:20] = 100, 200
    labels = np.arange(10, dtype=np.uint8)
    mnist = {"x_train": digits[0], "y_train": labels, "x_test": digits[1], "y_test": labels}
    np.savez("data/raw/mnist.npz", **mnist)
    small = {"canvas": SIDE, "images": 30, "test_images": 4, "backgrounds": ["contour"]}
    small |= {"mnist_images": 8, "mnist_test_images": 3}

    def write(**change: object) -> None:
        data = study.data.model_copy(update={**small, **change})
        write_yaml(Path("configs/data.yaml"), data.model_dump())

    return write


def load(path: str) -> np.ndarray:
    return np.load(SETS / path)


def test_training_and_test_images_are_composed_of_digits_of_their_own(
    configure: Configure,
) -> None:
    configure()
    preprocess.main()
    assert load("train/modified/images.npy").shape == (30, SIDE, SIDE)
    assert load("test/modified/images.npy").shape == (4, SIDE, SIDE)
    for part in ("train", "test"):
        with np.load(f"data/compositions/{part}.npz") as made:
            largest = made["digit_labels"].max(axis=1)
            assert set(made.files) == {"families", "digit_labels", "corners"}
        np.testing.assert_array_equal(load(f"{part}/modified/labels.npy"), largest)
    assert load("train/mnist/images.npy").max() == 100  # the test digits are brighter
    assert load("test/mnist/images.npy").max() == 200
    assert load("train/mnist/labels.npy").tolist() == [*range(8)]
    assert load("test/mnist/labels.npy").tolist() == [0, 1, 2]


def test_the_competition_s_images_stand_in_the_composed_ones_place(configure: Configure) -> None:
    configure()
    preprocess.main()
    OWN.mkdir(parents=True)
    for name, array in OWN_S.items():
        np.save(OWN / f"{name}.npy", array)
    configure(source="kaggle", images=4)
    preprocess.main()
    np.testing.assert_array_equal(load("train/modified/images.npy"), OWN_S["train_images"][:4])
    assert load("train/modified/labels.npy").tolist() == [0, 1, 2, 3]
    assert load("test/modified/images.npy").shape == (2, SIDE, SIDE)
    # Those of before are of other images.
    assert not (SETS / "test/modified/labels.npy").exists()
    assert not list(Path("data/compositions").iterdir())
    assert len(load("train/mnist/images.npy")) == 8
    configure(source="kaggle", images=6)
    with pytest.raises(UserError, match=r"data\.images = 6; allowed: at most 5"):
        preprocess.main()


def test_each_seed_splits_both_sets_in_a_way_of_its_own(
    configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    configure()
    for name, count in (("modified", 30), ("mnist", 8), ("modified_128", 30)):
        (SETS / "train" / name).mkdir(parents=True)
        np.save(SETS / f"train/{name}/labels.npy", np.arange(count, dtype=np.uint8) % 3)
    split.main()
    assert "split: 2 seeds, 20% for validation" in capsys.readouterr().out
    kept = {}
    for seed in (3, 7):
        with np.load(f"data/split/{seed}.npz") as file:
            kept[seed] = dict(file)
    for name, count in (("modified", 30), ("mnist", 8), ("modified_128", 30)):
        parts = [kept[3][f"{name}_{part}"] for part in ("training", "validation")]
        assert sorted(np.concatenate(parts)) == [*range(count)]
        assert len(parts[1]) == round(0.2 * count)
        assert parts[0].tolist() != kept[7][f"{name}_training"].tolist()
    split.main()
    with np.load("data/split/3.npz") as file:
        np.testing.assert_array_equal(file["mnist_training"], kept[3]["mnist_training"])


def test_the_paper_s_canvas_is_composed_of_other_images_and_stored_halved(
    configure: Configure,
) -> None:
    configure()
    preprocess.main()
    assert load("train/modified_128/images.npy").shape == (30, 64, 64)
    assert load("test/modified_128/images.npy").shape == (4, 64, 64)
    assert (
        load("train/modified_128/labels.npy").tolist() != load("train/modified/labels.npy").tolist()
    )


# --- the split --------------------------------------------------------------------------------


@st.composite
def labellings(draw: st.DrawFn) -> tuple[np.ndarray, float]:
    labels = draw(st.lists(st.integers(0, 9), min_size=2, max_size=120))
    fraction = draw(st.floats(0.01, 0.99))
    return np.array(labels, np.uint8), fraction


@given(labellings(), st.integers(0, 5))
def test_the_parts_are_disjoint_complete_and_keep_the_distribution(
    labelling: tuple[np.ndarray, float], seed: int
) -> None:
    labels, fraction = labelling
    training, validation = stratified(labels, fraction, np.random.default_rng(seed))
    assert training.dtype == validation.dtype == np.int64
    assert sorted([*training, *validation]) == list(range(len(labels)))
    assert len(validation) == round(fraction * len(labels))
    for label in np.unique(labels):
        share = fraction * np.sum(labels == label)
        assert abs(np.sum(labels[validation] == label) - share) < 1 + 1e-9


def test_the_largest_remainders_are_rounded_up() -> None:
    labels = np.array([0] * 13 + [1] * 8 + [2] * 4, np.uint8)  # shares 2.6, 1.6, .8 of five
    _, validation = stratified(labels, 0.2, np.random.default_rng(0))
    assert np.bincount(labels[validation]).tolist() == [3, 1, 1]


def test_a_split_depends_on_its_generator_and_is_in_random_order() -> None:
    labels = np.repeat(np.arange(10, dtype=np.uint8), 30)
    first, again, other = (stratified(labels, 0.2, np.random.default_rng(s)) for s in (3, 3, 4))
    for part, same in zip(first, again, strict=True):
        np.testing.assert_array_equal(part, same)
        assert len(np.unique(labels[part][:20])) > 5  # not one label after another
    assert set(first[1]) != set(other[1])
