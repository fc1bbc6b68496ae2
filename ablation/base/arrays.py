"""Arrays between stages: what is read is checked, and a damaged file says what to run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablation.base.errors import UserError
from ablation.base.files import replacing
from ablation.base.reading import refusing


def write_npz(path: Path, arrays: Mapping[str, NDArray]) -> None:
    """Writes named arrays into one file, whole or not at all."""
    with replacing(path) as temporary:
        np.savez(temporary, allow_pickle=False, **arrays)


def read_npz(
    path: Path, made_by: str | None, names: Iterable[str] | None = None
) -> dict[str, NDArray]:
    """The named arrays of an npz file, or all of them.

    Args:
        made_by: the stage that wrote the file, if one did.

    Raises:
        UserError: the file is damaged, or an array is missing.
        FileNotFoundError: there is no such file.
    """
    with refusing(path, "whole file of arrays", made_by):
        stored = np.load(path, allow_pickle=False)
        if not isinstance(stored, np.lib.npyio.NpzFile):
            raise UserError("is one array, not a file of several")
        with stored:
            # An array's checksum is verified as it is read.
            return {name: stored[name] for name in (stored.files if names is None else names)}


def read_npy(path: Path, made_by: str | None, mmap: bool = False) -> NDArray:
    """The array of an npy file; `mmap` leaves it on the disk, read-only.

    Args:
        made_by: the stage that wrote the file, if one did.

    Raises:
        UserError: the file is damaged, shorter or longer than its array.
        FileNotFoundError: there is no such file.
    """
    with refusing(path, "whole array", made_by):
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        if not isinstance(array, np.memmap):
            raise UserError("is a file of several arrays, not one")
        if array.offset + array.nbytes != path.stat().st_size:
            raise UserError(f"is longer than its array of {array.nbytes} bytes")
        return array if mmap else np.array(array)


def read_labelled(
    folder: Path, made_by: str | None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """A data set: images.npy (n, s, s) uint8, left on the disk, and labels.npy (n,) uint8.

    The labels are None where there is no such file, as of the competition's test images.

    Raises:
        UserError: a file is damaged or of another shape.
    """
    images = read_npy(folder / "images.npy", made_by, mmap=True)
    with refusing(folder / "images.npy", "data set", made_by):
        if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1] != images.shape[2]:
            raise UserError(f"holds {images.dtype} {images.shape}, not images (n, s, s) uint8")
    if not (folder / "labels.npy").exists():
        return images, None
    labels = read_npy(folder / "labels.npy", made_by)
    with refusing(folder / "labels.npy", "data set", made_by):
        if labels.dtype != np.uint8 or labels.shape != images.shape[:1]:
            raise UserError(
                f"holds {labels.dtype} {labels.shape}, not a label uint8 for each of "
                f"{len(images)} images"
            )
    return images, labels


def read_split(
    path: Path, data_set: str, images: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The numbers of a data set's training and of its validation images, int64, in random order.

    Raises:
        UserError: the file is damaged, or speaks of other images than these.
    """
    names = (f"{data_set}_training", f"{data_set}_validation")
    parts = read_npz(path, "split", names)
    with refusing(path, "split", "split"):
        both = np.concatenate(list(parts.values()))
        if both.dtype != np.int64 or not np.array_equal(np.sort(both), np.arange(images)):
            raise UserError(f"does not divide the {images} images of {data_set}")
    training, validation = parts.values()
    return training, validation
