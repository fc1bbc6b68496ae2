"""The competition's own data: two pickled arrays and a CSV, read without running what they hold.

Unpickling calls whatever a pickle names, so nothing named is looked up here: the few names that a
pickled array needs lead to stand-ins of this module, which take down shape, type and bytes, and
any other name is refused. Not even NumPy's own state setters see the file.
"""

from __future__ import annotations

import csv
import math
import pickle
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablation.base.errors import UserError
from ablation.competition.admission import as_images, as_labels
from ablation.competition.opcodes import check_opcodes

COMPETITION = "modified-mnist"  # the last part of its address on kaggle.com
TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES = "train_max_x", "train_max_y.csv", "test_max_x"
FILES = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES)
HEADER = ["Id", "Label"]
MOST_AXES, LONGEST_AXIS = 4, 1 << 32  # of an array of images, with plenty to spare


@dataclass(frozen=True)
class Competition:
    """The competition's images (n, 128, 128) and labels (n,), uint8, in the order of their Id.

    The test images have no labels.
    """

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]


def read(folder: Path) -> Competition:
    """The competition's data from a folder that holds its three files.

    Raises:
        UserError: the folder or a file is missing, a pickle holds anything but an array, an array
            or a label is not what the competition has, there is not one label an image.
    """
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder; it must hold {', '.join(FILES)}")
    for name in FILES:
        if not (folder / name).is_file():
            raise UserError(f"{folder / name} is missing; the folder must hold {', '.join(FILES)}")
    labels = read_labels(folder / TRAIN_LABELS)
    images = as_images(read_array(folder / TRAIN_IMAGES), str(folder / TRAIN_IMAGES))
    if len(images) != len(labels):
        raise UserError(
            f"{folder / TRAIN_LABELS} has {len(labels)} labels for the {len(images)} images of "
            f"{TRAIN_IMAGES}; one an image is needed"
        )
    test = as_images(read_array(folder / TEST_IMAGES), str(folder / TEST_IMAGES))
    return Competition(images, labels, test)


def download() -> Path:
    """The folder of the competition's files, which `kagglehub` gets with the user's account.

    Raises:
        UserError: `kagglehub` is not installed, or it did not get the files.
    """
    instead = f"or set data.kaggle_dir to a folder with {', '.join(FILES)}"
    try:
        import kagglehub
    except ImportError:
        raise UserError(
            "data.source kaggle without data.kaggle_dir needs kagglehub; run "
            f"`python -m pip install kagglehub`, {instead}"
        ) from None
    try:
        return Path(kagglehub.competition_download(COMPETITION))
    except Exception as error:  # of the network, the account, the rules or the service
        said = " ".join(str(error).split()) or type(error).__name__
        raise UserError(
            f"kagglehub did not get the competition {COMPETITION}: {said}; log in and accept its "
            f"rules on kaggle.com, {instead}"
        ) from None


def read_labels(path: Path) -> NDArray[np.uint8]:
    """Labels (n,) uint8 in the order of Id, from a CSV with the columns Id and Label.

    Raises:
        UserError: no such CSV, or the Ids are not the numbers from 0 on, each once.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read as CSV: {error}") from None
    if not rows or rows[0] != HEADER:
        found = ",".join(rows[0])[:60] if rows else "nothing"
        raise UserError(f"{path} begins with {found!r}; allowed: the header {','.join(HEADER)}")
    by_id: dict[int, int] = {}
    for number, row in enumerate(rows[1:], start=1):
        # Ten digits hold any label and any Id, and int() is not asked to read a novel.
        if len(row) != 2 or not all(re.fullmatch(r"\d{1,10}", value) for value in row):
            raise UserError(
                f"{path}: row {number} is {','.join(row)[:60]!r}; allowed: an Id and a label 0..9"
            )
        key, label = int(row[0]), int(row[1])
        if key in by_id:
            raise UserError(f"{path}: Id {key} is there twice; allowed: each once")
        by_id[key] = label
    if by_id and max(by_id) != len(by_id) - 1:
        missing = next(key for key in range(len(by_id)) if key not in by_id)
        raise UserError(
            f"{path}: Id {missing} is missing among {len(by_id)}; allowed: every number from 0 on"
        )
    return as_labels(np.array([by_id[key] for key in range(len(by_id))], np.int64), str(path))


def read_array(path: Path) -> NDArray[Any]:
    """The numbers that a pickle file holds, as an array that must not be written to.

    Any protocol is read, of Python 2 or 3.

    Raises:
        UserError: the file holds anything but one array of plain numbers. Nothing of it was run.
    """
    try:
        with path.open("rb") as file:
            check_opcodes(file, path.stat().st_size)
            file.seek(0)
            # latin1: Python 2 kept an array's bytes in what is text today.
            content = _ArrayUnpickler(file, encoding="latin1").load()
    except UserError as error:
        raise UserError(f"{path} {error}") from None
    except Exception as error:  # a broken pickle raises whatever its next opcode ran into
        said = " ".join(str(error)[:200].split())[:80] or type(error).__name__
        raise UserError(f"{path} is no pickled array: {said}") from None
    if not isinstance(content, _Array) or content.values is None:
        raise UserError(f"{path} holds no array; allowed: one pickled NumPy array")
    return content.values


class _Type:
    """Stands in for numpy.dtype: a plain number of one size."""

    def __init__(self, name: Any, *_: Any) -> None:
        if not isinstance(name, str) or not re.fullmatch(r"[uif][1248]", name):
            told = name[:20] if isinstance(name, str) else type(name).__name__
            raise UserError(f"holds an array of the type {told!r}; allowed: integers and floats")
        self.numpy = np.dtype(name)

    def __setstate__(self, state: Any) -> None:
        """Takes the byte order alone: all else is for types with fields."""
        self.numpy = self.numpy.newbyteorder(state[1])


class _Array:
    """Stands in for numpy.ndarray."""

    values: NDArray[Any] | None = None

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, columns_first, content = state
        self.values = _shaped(content, kind, shape, "F" if columns_first else "C")


def _reconstruct(kind: Any, shape: Any, code: Any) -> _Array:
    """NumPy's way to an empty array; `_Array.__setstate__` fills it."""
    return _Array()


def _frombuffer(content: Any, kind: Any, shape: Any, order: Any, axes: Any = None) -> _Array:
    """NumPy's way to an array in protocol 5; `axes` is the order in which its axes lie."""
    array = _Array()
    values = _shaped(content, kind, shape, order)
    array.values = values if axes is None else values.transpose(tuple(axes))
    return array


def _encode(text: str, encoding: str) -> bytes:
    """How protocols without bytes keep them."""
    if not isinstance(text, str) or encoding != "latin1":
        told = encoding[:20] if isinstance(encoding, str) else type(encoding).__name__
        raise UserError(f"holds text in {told!r}; allowed: the bytes of an array")
    return text.encode("latin1")


def _shaped(content: Any, kind: Any, shape: Any, order: Any) -> NDArray[Any]:
    """`content` as an array, without a copy where it is bytes."""
    if not isinstance(kind, _Type):
        raise UserError("holds an array without a type; allowed: integers and floats")
    if isinstance(content, str):
        content = content.encode("latin1")
    if not isinstance(content, bytes | bytearray):
        raise UserError("holds an array of objects; allowed: integers and floats")
    # Before anything is multiplied or printed: a shape may be a list of very long numbers.
    if not isinstance(shape, tuple | list) or len(shape) > MOST_AXES:
        raise UserError(f"holds an array without a shape; allowed: at most {MOST_AXES} axes")
    if any(type(side) is not int or not 0 <= side <= LONGEST_AXIS for side in shape):
        raise UserError(f"holds an array with an axis that is not 0 to {LONGEST_AXIS} long")
    shape = tuple(shape)
    size = math.prod(shape) * kind.numpy.itemsize
    if len(content) != size:
        raise UserError(f"holds {len(content)} bytes for the shape {shape}; allowed: {size}")
    return np.frombuffer(content, kind.numpy).reshape(shape, order="F" if order == "F" else "C")


# NumPy 2 moved its modules from numpy.core to numpy._core; both spellings are about.
_ADMITTED: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "dtype"): _Type,
    ("numpy", "ndarray"): _Array,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy.core.numeric", "_frombuffer"): _frombuffer,
    ("numpy._core.numeric", "_frombuffer"): _frombuffer,
    ("_codecs", "encode"): _encode,
}


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Never imports: what is not admitted is refused by its name."""
        if (module, name) not in _ADMITTED:
            raise UserError(
                f"asks for {f'{module}.{name}'[:80]}, which no array needs; nothing of it was run, "
                "and one pickled NumPy array is allowed"
            )
        return _ADMITTED[module, name]
