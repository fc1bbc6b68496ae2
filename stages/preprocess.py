"""Composes Modified MNIST and lays out the original MNIST in the same form.

Training and validation images hold MNIST's 60,000 training digits and test images its 10,000 test
digits, so no digit is in both. How each image came to be (its background family, its digits and
where they lie) is written beside the sets, for data_check. With the source `kaggle` the
competition's own images, which `admit` took in, stand in Modified MNIST's place.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablation.base.arrays import read_npy, read_npz
from ablation.base.cli import run
from ablation.base.errors import UserError
from ablation.base.files import read_config, replacing
from ablation.composition.backgrounds import pictures
from ablation.composition.compose import compose
from ablation.composition.config import DataConfig
from ablation.composition.digits import Digits
from ablation.composition.placement import geometry

SETS, COMPOSITIONS = Path("data/sets"), Path("data/compositions")
OWN = Path("data/own/competition")
PARTS = ("images", "labels")


def main() -> None:
    config = read_config(Path("configs/data.yaml"), DataConfig)
    names = ("x_train", "y_train", "x_test", "y_test")
    mnist = read_npz(Path("data/raw/mnist.npz"), names)
    digits = {
        "train": Digits(mnist["x_train"], mnist["y_train"]),
        "test": Digits(mnist["x_test"], mnist["y_test"]),
    }
    if config.source == "composed":
        _compose(config, digits)
    else:
        _competition(config)
    limits = {"train": config.mnist_images, "test": config.mnist_test_images}
    for part, limit in limits.items():
        _write(f"{part}/mnist", digits[part].images[:limit], digits[part].labels[:limit])


def _compose(config: DataConfig, digits: Mapping[str, Digits]) -> None:
    """Modified MNIST after the measurements, and how each of its images came to be."""
    laid_out = geometry(config)
    sources = pictures(config.backgrounds, config.background_seed)
    counts = {"train": config.images, "test": config.test_images}
    for part, count in counts.items():
        stream = ("images", config.image_seed, part)
        composed = compose(digits[part], count, laid_out, sources, stream, os.cpu_count() or 1)
        _write(f"{part}/modified", composed.images, composed.labels)
        with replacing(COMPOSITIONS / f"{part}.npz") as temporary:
            np.savez_compressed(
                temporary,
                families=composed.families,
                digit_labels=composed.digit_labels,
                corners=composed.corners,
            )
        print(f"preprocess: {count} images of {config.canvas} px for {part}", flush=True)


def _competition(config: DataConfig) -> None:
    """The competition's own images as `admit` took them in; its test images have no labels."""
    images = read_npy(OWN / "train_images.npy", mmap=True)
    labels = read_npy(OWN / "train_labels.npy")
    if len(images) < config.images:
        raise UserError(
            f"data.images = {config.images}; allowed: at most {len(images)}, the competition's "
            "training images"
        )
    _write("train/modified", images[: config.images], labels[: config.images])
    test = read_npy(OWN / "test_images.npy", mmap=True)
    _write("test/modified", test, None)
    shutil.rmtree(COMPOSITIONS, ignore_errors=True)
    COMPOSITIONS.mkdir(parents=True)  # empty: nothing was composed
    print(f"preprocess: {config.images} images of the competition for train, {len(test)} for test")


def _write(name: str, images: NDArray[np.uint8], labels: NDArray[np.uint8] | None) -> None:
    for suffix, array in zip(PARTS, (images, labels), strict=True):
        path = SETS / name / f"{suffix}.npy"
        if array is None:  # an earlier run's labels are of other images
            path.unlink(missing_ok=True)
            continue
        with replacing(path) as temporary:
            np.save(temporary, array, allow_pickle=False)


if __name__ == "__main__":
    run("preprocess", main)
