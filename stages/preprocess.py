"""Composes Modified MNIST and lays out the original MNIST in the same form.

Training and validation images hold MNIST's 60,000 training digits and test images its 10,000 test
digits, so no digit is in both. How each image was composed (its background family, its digits and
their places) is written beside the sets, for data_check. With the source `kaggle` the competition's
own images, which `admit` read, replace Modified MNIST.

`modified_128` has as many images on the paper's canvas, halved to 64 px. Where `modified` has that
canvas too they are the same images, else others, composed in the same way.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablation.base.arrays import halved, read_npy, read_npz, write_npz
from ablation.base.cli import run
from ablation.base.errors import UserError
from ablation.base.files import read_config, replacing
from ablation.composition.backgrounds import pictures
from ablation.composition.compose import compose
from ablation.composition.config import DataConfig
from ablation.composition.digits import Digits
from ablation.composition.placement import geometry
from ablation.inputs.own import SIDE

SETS, COMPOSITIONS = Path("data/sets"), Path("data/compositions")
OWN = Path("data/own/competition")
PARTS = ("images", "labels")


def main() -> None:
    shutil.rmtree(SETS, ignore_errors=True)  # what an earlier run left may be of another source
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
    # A job of a cluster may have a part of the cores; not every system tells.
    allowed = hasattr(os, "sched_getaffinity")
    workers = len(os.sched_getaffinity(0)) if allowed else os.cpu_count() or 1
    for part, count in counts.items():
        stream = ("images", config.image_seed, part)
        composed = compose(digits[part], count, laid_out, sources, stream, workers)
        _write(f"{part}/modified", composed.images, composed.labels)
        kept = {name: getattr(composed, name) for name in ("families", "digit_labels", "corners")}
        write_npz(COMPOSITIONS / f"{part}.npz", kept)
        print(f"preprocess: {count} images of {config.canvas} px for {part}", flush=True)
        if config.canvas != SIDE:
            larger = replace(laid_out, canvas=SIDE)
            other = (*stream, "modified_128")
            composed = compose(digits[part], count, larger, sources, other, workers)
            print(f"preprocess: {count} images of {SIDE} px, halved, for {part}", flush=True)
        _write(f"{part}/modified_128", halved(composed.images), composed.labels)


def _competition(config: DataConfig) -> None:
    """The competition's own images as `admit` took them in; its test images have no labels."""
    images = read_npy(OWN / "train_images.npy", mmap=True)
    labels = read_npy(OWN / "train_labels.npy")
    if len(images) < config.images:
        raise UserError(
            f"data.images = {config.images}; allowed: at most {len(images)}, the competition's "
            "training images"
        )
    test = read_npy(OWN / "test_images.npy", mmap=True)
    images, labels = images[: config.images], labels[: config.images]
    _write("train/modified", images, labels)
    _write("test/modified", test, None)
    _write("train/modified_128", halved(images), labels)
    _write("test/modified_128", halved(test), None)
    shutil.rmtree(COMPOSITIONS, ignore_errors=True)
    COMPOSITIONS.mkdir(parents=True)  # empty: nothing was composed
    print(f"preprocess: {config.images} images of the competition for train, {len(test)} for test")


def _write(name: str, images: NDArray[np.uint8], labels: NDArray[np.uint8] | None) -> None:
    for suffix, array in zip(PARTS, (images, labels), strict=True):
        if array is not None:
            with replacing(SETS / name / f"{suffix}.npy") as temporary:
                np.save(temporary, array, allow_pickle=False)


if __name__ == "__main__":
    run("preprocess", main)
