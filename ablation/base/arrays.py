"""Arrays between stages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray

from ablation.base.files import reading, replacing

BLOCK = 1000  # images halved together: their sums take twice the memory


def write_npz(path: Path, arrays: Mapping[str, NDArray], compressed: bool = False) -> None:
    """Writes named arrays into one file, whole or not at all.

    Not NumPy's own `savez`, whose bytes changed with Python 3.11.4: what is made of the file would
    be out of date in a clone with another Python.
    """
    kind = ZIP_DEFLATED if compressed else ZIP_STORED
    with replacing(path) as temporary, ZipFile(temporary, "w") as file:
        for name, array in arrays.items():
            content = BytesIO()
            np.save(content, array, allow_pickle=False)
            file.writestr(ZipInfo(f"{name}.npy"), content.getvalue(), kind)


def read_npz(path: Path, names: Iterable[str] | None = None) -> dict[str, NDArray]:
    """The named arrays of an npz file, or all of them."""
    with reading(path), np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in (stored.files if names is None else names)}


def read_npy(path: Path, mmap: bool = False) -> NDArray:
    """The array of an npy file; `mmap` leaves it on the disk, read-only."""
    with reading(path):
        return np.load(path, mmap_mode="r" if mmap else None, allow_pickle=False)


def read_split(path: Path, data_set: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The numbers of a data set's training and of its validation images, int64, in random order."""
    parts = read_npz(path, (f"{data_set}_training", f"{data_set}_validation"))
    training, validation = parts.values()
    return training, validation


def halved(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n, s, s) images as (n, s/2, s/2): the mean of each 2x2 pixels, halves rounded up."""
    count, side, _ = images.shape
    result = np.empty((count, side // 2, side // 2), np.uint8)
    for start in range(0, count, BLOCK):
        wide = images[start : start + BLOCK].astype(np.uint16)
        rows = wide[:, ::2] + wide[:, 1::2]
        result[start : start + BLOCK] = (rows[..., ::2] + rows[..., 1::2] + 2) // 4
    return result
