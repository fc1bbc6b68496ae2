"""Labels, how images were composed, and what networks say of them, read whole by later stages.

Each reader holds the content against what must be there, so that what comes after can rely on it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablation.base.arrays import read_npy, read_npz
from ablation.base.errors import UserError
from ablation.base.reading import refusing

LABELS = 10


def read_answers(
    path: Path, images: int | None, made_by: str, probabilities: bool = False
) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """What a network says of the test images.

    Args:
        images: how many there are, where that is known.
        probabilities: whether these are read too.

    Returns:
        Its labels (n,), 0 to 9, and the probabilities (n, 10), or (0, 10) where they are not read.

    Raises:
        UserError: the file is damaged, or of other images.
    """
    names = ["test", "test_probabilities"] if probabilities else ["test"]
    arrays = read_npz(path, names)
    with refusing(path, "set of answers", made_by):
        said, sure = arrays["test"], arrays.get("test_probabilities", np.zeros((0, LABELS)))
        if said.dtype != np.uint8 or said.ndim != 1 or (said >= LABELS).any():
            raise UserError(
                f"holds {said.dtype} {said.shape}, not labels (n,) uint8 below {LABELS}"
            )
        if images is not None and len(said) != images:
            raise UserError(f"answers {len(said)} images of {images}")
        if probabilities and (
            sure.dtype.kind != "f" or sure.shape != (len(said), LABELS) or not _shares(sure)
        ):
            raise UserError(f"holds {sure.dtype} {sure.shape}, not probabilities (n, {LABELS})")
    return said, sure


def read_labels(path: Path) -> NDArray[np.uint8]:
    """The labels (n,) uint8 of a data set, 0 to 9.

    Raises:
        UserError: the file is damaged, or holds anything else.
    """
    labels = read_npy(path)
    with refusing(path, "set of labels", "preprocess"):
        whole = labels.dtype == np.uint8 and labels.ndim == 1 and len(labels) > 0
        if not whole or (labels >= LABELS).any():
            raise UserError(f"holds {labels.dtype} {labels.shape}, not labels (n,) uint8 below 10")
    return labels


def read_images(path: Path, images: int, side: int) -> NDArray[np.uint8]:
    """The images (n, side, side) uint8 of a data set, left on the disk.

    Raises:
        UserError: the file is damaged, or holds others, or another number of them.
    """
    array = read_npy(path, mmap=True)
    with refusing(path, "set of images", "preprocess"):
        if array.dtype != np.uint8 or array.shape != (images, side, side):
            raise UserError(
                f"holds {array.dtype} {array.shape}, not {images} images of {side} px uint8"
            )
    return array


def read_composed(
    path: Path, images: int, families: int, corners: bool = False
) -> dict[str, NDArray[Any]]:
    """How composed images came to be: families (n,), digit_labels (n, k) and corners (n, k, 2).

    Args:
        images: how many there are.
        families: how many families of backgrounds.
        corners: whether these are read too.

    Raises:
        UserError: the file is damaged, or of other images.
    """
    shapes = {"families": (1, families), "digit_labels": (2, LABELS), "corners": (3, 1 << 15)}
    names = [name for name in shapes if corners or name != "corners"]
    arrays = read_npz(path, names)
    with refusing(path, "record of composing", "preprocess"):
        for name, array in arrays.items():
            sides, below = shapes[name]
            if array.dtype.kind not in "iu" or array.ndim != sides or len(array) != images:
                raise UserError(f"holds {name} {array.dtype} {array.shape}, not of {images} images")
            if ((array < 0) | (array >= below)).any():
                raise UserError(f"holds {name} that are not from 0 to {below - 1}")
    return arrays


def _shares(values: NDArray[Any]) -> bool:
    """Whether all lie from 0 to 1, or all of a row are no number, as a diverged network's are."""
    whole = np.isnan(values).all(axis=1)
    return bool(((values[~whole] >= 0) & (values[~whole] <= 1)).all())
