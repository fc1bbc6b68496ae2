"""Arrays between stages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablation.base.files import reading, replacing


def write_npz(path: Path, arrays: Mapping[str, NDArray]) -> None:
    """Writes named arrays into one file, whole or not at all."""
    with replacing(path) as temporary:
        np.savez(temporary, allow_pickle=False, **arrays)


def read_npz(path: Path, names: Iterable[str] | None = None) -> dict[str, NDArray]:
    """The named arrays of an npz file, or all of them."""
    with reading(path), np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in (stored.files if names is None else names)}


def read_npy(path: Path, mmap: bool = False) -> NDArray:
    """The array of an npy file; `mmap` leaves it on the disk, read-only."""
    with reading(path):
        return np.load(path, mmap_mode="r" if mmap else None, allow_pickle=False)


def read_labelled(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """A data set: images.npy (n, s, s) uint8, left on the disk, and labels.npy (n,) uint8.

    The labels are None where there is no such file, as of the competition's test images.
    """
    labels = folder / "labels.npy"
    images = read_npy(folder / "images.npy", mmap=True)
    return images, read_npy(labels) if labels.exists() else None


def read_split(path: Path, data_set: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The numbers of a data set's training and of its validation images, int64, in random order."""
    parts = read_npz(path, (f"{data_set}_training", f"{data_set}_validation"))
    training, validation = parts.values()
    return training, validation
