"""Composes Modified MNIST and lays out the original MNIST in the same form.

Training and validation images hold MNIST's 60,000 training digits and test images its 10,000 test
digits, so no digit is in both.
"""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablation import backgrounds
from ablation.cli import run
from ablation.compose import Geometry, compose
from ablation.config.data import DataConfig
from ablation.digits import Digits
from ablation.files import read_config, replacing

SETS = Path("data/sets")


def main() -> None:
    config = read_config(Path("configs/data.yaml"), DataConfig)
    with np.load("data/raw/mnist.npz") as arrays:
        digits = {
            "train": Digits(arrays["x_train"], arrays["y_train"]),
            "test": Digits(arrays["x_test"], arrays["y_test"]),
        }
    geometry = Geometry(
        canvas=config.canvas,
        tile=config.tile,
        digits=config.digits,
        rotation_deg=config.rotation,
        scale=(config.magnification[0], config.magnification[1]),
        blur_px=config.blur,
    )
    # A child of the seed for each family keeps a family's picture when another is left out.
    names = backgrounds.families()
    streams = dict(
        zip(names, np.random.SeedSequence(config.background_seed).spawn(len(names)), strict=True)
    )
    sources = [
        backgrounds.draw(family, np.random.default_rng(streams[family]))
        for family in config.backgrounds
    ]
    counts = {"train": config.images, "test": config.test_images}
    for stream, (part, count) in enumerate(counts.items()):
        composed = compose(
            digits[part], count, geometry, sources, config.image_seed + stream, os.cpu_count() or 1
        )
        _write(f"modified/{part}", composed.images, composed.labels)
        print(f"preprocess: {count} images of {config.canvas} px for {part}", flush=True)
    limits = {"train": config.mnist_images, "test": config.mnist_test_images}
    for part, limit in limits.items():
        _write(f"mnist/{part}", digits[part].images[:limit], digits[part].labels[:limit])


def _write(name: str, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
    for suffix, array in (("images", images), ("labels", labels)):
        with replacing(SETS / f"{name}_{suffix}.npy") as temporary:
            np.save(temporary, array, allow_pickle=False)


if __name__ == "__main__":
    run("preprocess", main)
