"""What arrays from outside the project must be, and an external test set in a .npz file."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablation.base.errors import UserError
from ablation.competition.config import SIDE

LABELS = 10  # the digits
MOST_EXTERNAL = 200_000  # images of an external test set; the competition has 10,000

_BLOCK = 1000  # images looked at together, so that a check needs little memory of its own


def as_images(array: NDArray[Any], where: str) -> NDArray[np.uint8]:
    """Images (n, 128, 128) of grey values as uint8, whatever numbers hold them.

    Args:
        array: whole numbers 0..255 of any integer or floating type.
        where: the file, for messages.

    Raises:
        UserError: no image, another shape, no numbers, a value that is not finite, not whole or
            out of range.
    """
    if array.ndim != 3 or array.shape[1:] != (SIDE, SIDE) or len(array) == 0:
        raise UserError(f"{where} has the shape {array.shape}; allowed: (n, {SIDE}, {SIDE})")
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    images = np.empty(array.shape, np.uint8)
    for start in range(0, len(array), _BLOCK):
        block = array[start : start + _BLOCK]
        _check_numbers(block, 255, where, start)
        images[start : start + _BLOCK] = block
    return images


def as_labels(array: NDArray[Any], where: str) -> NDArray[np.uint8]:
    """Labels (n,) 0..9 as uint8, whatever numbers hold them.

    Raises:
        UserError: another shape, no numbers, a value that is no label.
    """
    if array.ndim != 1:
        raise UserError(f"{where} has the shape {array.shape}; allowed: (n,)")
    _check_numbers(array, LABELS - 1, where, 0)
    return array.astype(np.uint8)


def _check_numbers(values: NDArray[Any], largest: int, where: str, first: int) -> None:
    """Refuses all but whole numbers 0..`largest`; `first` is the row that `values` begin with."""
    if values.dtype.kind not in "uif":
        raise UserError(
            f"{where} holds values of the type {values.dtype}; allowed: whole numbers 0..{largest}"
        )
    with np.errstate(invalid="ignore"):
        right = (values >= 0) & (values <= largest)  # false for what is not a number
    if values.dtype.kind == "f":
        right &= np.floor(values) == values
    if not right.all():
        place = np.unravel_index(int(np.argmin(right)), values.shape)
        raise UserError(
            f"{where} holds {values[place]} in row {first + int(place[0])} (counted from 0); "
            f"allowed: whole numbers 0..{largest}"
        )


def _check_headers(archive: Any) -> None:
    """Refuses arrays by what their headers say, before their content is unpacked.

    A compressed kilobyte can hold a gigabyte of noughts.
    """
    for name, axes in (("images", 3), ("labels", 1)):
        with archive.open(f"{name}.npy") as file:
            version = np.lib.format.read_magic(file)
            read = {(1, 0): np.lib.format.read_array_header_1_0,
                    (2, 0): np.lib.format.read_array_header_2_0}.get(version)  # fmt: skip
            if read is None:
                raise ValueError(f"{name} has the format {version[0]}.{version[1]}")
            shape, _, kind = read(file)
        if kind.kind not in "uif":
            told = "object, which is pickled" if kind.hasobject else str(kind)[:20]
            raise UserError(f"holds {name} of the type {told}; allowed: whole numbers")
        if len(shape) != axes or shape[1:] != (SIDE, SIDE)[: axes - 1]:
            allowed = f"(n, {SIDE}, {SIDE})" if axes > 1 else "(n,)"
            raise UserError(f"holds {name} of the shape {str(shape)[:80]}; allowed: {allowed}")
        if shape[0] > MOST_EXTERNAL:
            raise UserError(f"holds {shape[0]} {name}; allowed: at most {MOST_EXTERNAL}")


def read_external(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """An external test set: images (n, 128, 128) and labels (n,), uint8.

    `path` is a .npz file with the arrays `images` and `labels`. Nothing in it is unpickled.

    Raises:
        UserError: the file is missing or no such archive, lacks an array, or an array is not
            what `as_images` and `as_labels` admit; the two do not have the same length.
    """
    if not path.is_file():
        raise UserError(f"{path} is missing; allowed: a .npz file with `images` and `labels`")
    try:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("it holds one array without a name; np.savez gives names")
        with archive as arrays:
            for name in ("images", "labels"):
                if name not in arrays:
                    found = ", ".join(arrays) or "none"
                    raise ValueError(f"there is no array {name!r} in it, only: {found}")
            _check_headers(archive.zip)
            images, labels = arrays["images"], arrays["labels"]
    except UserError as error:
        raise UserError(f"{path} {error}") from None
    # What the zip, the compression and NumPy's format raise of a broken or a pickled file.
    except (ValueError, OSError, EOFError, MemoryError, RuntimeError, zipfile.BadZipFile,
            zlib.error) as error:  # fmt: skip
        said = " ".join(str(error)[:300].split())[:120] or type(error).__name__
        raise UserError(f"{path} is no .npz file with `images` and `labels`: {said}") from None
    checked = as_images(images, f"{path}: images"), as_labels(labels, f"{path}: labels")
    if len(images) != len(labels):
        raise UserError(
            f"{path} has {len(images)} images and {len(labels)} labels; as many of both"
        )
    return checked
