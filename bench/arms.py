"""The project's own baseline at a scale, and images for it: speed does not ask what they show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablation.base.files import read_yaml
from ablation.study.resolution import Resolved, resolve
from ablation.training.config import ArmConfig
from bench.processes import ROOT

CLASSES = 10


def study(scale: str) -> Resolved:
    """The project's params.yaml at a scale."""
    return resolve(read_yaml(ROOT / "params.yaml") | {"scale": scale})


def baseline(scale: str, **train: Any) -> ArmConfig:
    """The study's baseline at a scale, with some of its training settings changed.

    It trains step by step under TensorFlow, whatever params.yaml says, unless `train` does.
    """
    return named(study(scale).study.baseline, scale, **train)


def named(name: str, scale: str, **train: Any) -> ArmConfig:
    """The same of any arm, from random weights."""
    arm = study(scale).arms[name]
    if arm.model.pretrained:
        arm = arm.model_copy(update={"model": arm.model.model_copy(update={"weights": None})})
    settings = {"backend": "tensorflow", "engine": "steps", **train}
    return arm.model_copy(update={"train": arm.train.model_copy(update=settings)})


def random_images(count: int, side: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images (n, side, side) uint8 and labels (n,) uint8, both noise."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, side, side), np.uint8)
    return images, rng.integers(0, CLASSES, count, np.uint8)


def saved(folder: Path, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The images as the stage `train` reads them: mapped from a file."""
    np.save(folder / "images.npy", images)
    return np.load(folder / "images.npy", mmap_mode="r")
