"""A person's own files, the competition's data and an external test set: checked and read."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Annotated, Any, Literal
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ablation.base.errors import UserError, brief
from ablation.base.section import Section

SIDE = 128  # px, of the competition's images
COMPETITION = "modified-mnist"  # the last part of its address on kaggle.com
TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES = FILES = ("train_max_x", "train_max_y.csv", "test_max_x")
BLOCK = 1000  # images looked at together: as float64 the competition's fill 6.5 GB
MOST_BYTES = 4 * 2**30  # of an array: a small archive may unpack to more than there is memory
FULL = (1, 255, 1023, 4095, 16383, 65535)  # white in masks and floats, and at 8 to 16 bit
LUMA = (0.299, 0.587, 0.114)  # how bright red, green and blue are (ITU-R BT.601, as in Pillow)

# All that a pickled array names; an array of objects would name more.
PICKLED = {
    "numpy.dtype",
    "numpy.ndarray",
    "numpy._core.multiarray._reconstruct",
    "numpy._core.numeric._frombuffer",
    "_codecs.encode",
}


class AdmitConfig(Section):
    """Which files of a person enter the study; a relative path is relative to the project."""

    source: Literal["composed", "kaggle"]
    kaggle_dir: Annotated[str, Field(min_length=1)] | None
    external: Annotated[str, Field(pattern=r"\.npz$")] | None


def read_competition(folder: Path) -> dict[str, NDArray[np.uint8]]:
    """The competition's data from a folder that holds its three files, in the order of their Id.

    train_images (n, 128, 128), train_labels (n,) and test_images (m, 128, 128), uint8.

    Raises:
        UserError: the folder or a file is missing, or a file is not what the competition has.
    """
    for name in FILES:
        if not (folder / name).is_file():
            raise UserError(f"{folder / name} is missing; the folder must hold {', '.join(FILES)}")
    labels = read_labels(folder / TRAIN_LABELS)
    images = as_images(read_pickle(folder / TRAIN_IMAGES), f"{folder / TRAIN_IMAGES}")
    if len(images) != len(labels):
        raise UserError(
            f"{folder / TRAIN_LABELS} has {len(labels)} labels for the {len(images)} images of "
            f"{TRAIN_IMAGES}; one an image is needed"
        )
    test = as_images(read_pickle(folder / TEST_IMAGES), f"{folder / TEST_IMAGES}")
    return {"train_images": images, "train_labels": labels, "test_images": test}


def download_competition() -> Path:
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
        raise UserError(
            f"kagglehub did not get the competition {COMPETITION}: {brief(error)}; log in and "
            f"accept its rules on kaggle.com, {instead}"
        ) from None


def read_labels(path: Path) -> NDArray[np.uint8]:
    """Labels (n,) uint8 in the order of Id, from a CSV with the columns Id and Label.

    Raises:
        UserError: no such CSV, or the Ids are not the numbers from 0 on, each once.
    """
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        header = file.readline().strip().replace('"', "")
        if header != "Id,Label":
            raise UserError(f"{path} begins with {brief(header)!r}; allowed: Id,Label")
        try:
            table = np.loadtxt(file, np.int64, delimiter=",", quotechar='"', ndmin=2)
            ids, labels = table.T
        except ValueError as error:
            raise UserError(f"{path} does not hold an Id and a label a row: {error}") from None
    order = np.argsort(ids)
    if not np.array_equal(ids[order], np.arange(len(ids))):
        raise UserError(f"{path}: the Ids are not 0 to {len(ids) - 1}, each once")
    return as_labels(labels[order], str(path))


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Looks up what a pickled array needs and nothing else, so that nothing can be run."""
        named = f"{module}.{name}".replace("numpy.core.", "numpy._core.")  # as NumPy 1 has it
        if named not in PICKLED:
            raise UserError(f"asks for {brief(named)}, which no array of numbers needs")
        return super().find_class(*named.rsplit(".", 1))


def read_pickle(path: Path) -> NDArray[Any]:
    """The array that a pickle file holds, of any protocol, Python 2's too.

    Raises:
        UserError: the file holds anything but one array. Nothing that it names was run.
    """
    try:
        with path.open("rb") as file:
            # latin1: Python 2 kept an array's bytes in what is text today.
            content = _ArrayUnpickler(file, encoding="latin1").load()
    except UserError as error:
        raise UserError(f"{path} {error}; nothing of it was run") from None
    except Exception as error:  # a damaged pickle raises whatever its next opcode ran into
        raise UserError(f"{path} is no pickled array: {brief(error)}") from None
    if not isinstance(content, np.ndarray):
        raise UserError(f"{path} holds no array; allowed: one pickled NumPy array")
    return content


def read_external(path: Path) -> tuple[dict[str, NDArray[np.uint8]], list[str]]:
    """An external test set, `images` (n, 128, 128) and `labels` (n,) uint8, and what was changed.

    `path` is a .npz file with the arrays `images`, of whatever `as_grey` takes, and `labels`.

    Raises:
        UserError: it is no such file, or its arrays are not images and a label for each.
    """
    given, changes = as_grey(read_array(path, "images"), f"{path}: images")
    images = as_images(given, f"{path}: images")
    labels = as_labels(read_array(path, "labels"), f"{path}: labels")
    if len(images) != len(labels):
        raise UserError(
            f"{path} has {len(images)} images and {len(labels)} labels; as many of both"
        )
    return {"images": images, "labels": labels}, changes


def read_array(path: Path, name: str) -> NDArray[Any]:
    """An array of a person's .npz file. Nothing in it is unpickled.

    Raises:
        UserError: the file has none that can be read, or one of more than MOST_BYTES.
    """
    try:
        with ZipFile(path) as archive:
            size = archive.getinfo(f"{name}.npy").file_size
        if size > MOST_BYTES:
            raise UserError(
                f"{path}: {name} has {size / 2**30:.0f} GB; allowed: {MOST_BYTES / 2**30:.0f} GB"
            )
        with np.load(path, allow_pickle=False) as arrays:
            return arrays[name]
    except UserError:
        raise
    except Exception as error:  # damaged bytes raise whatever their next reader ran into
        reason = f"{type(error).__name__}: {brief(error)}"
        raise UserError(f"{path} has no array `{name}` that can be read ({reason})") from None


def as_grey(array: NDArray[Any], where: str) -> tuple[NDArray[np.uint8], list[str]]:
    """Images of any depth, grey or in colour, as grey (n, h, w) uint8, and what was changed.

    White is the smallest of FULL that no value is above. What is transparent becomes the ground
    that the rest stands out from, black or white.

    Args:
        array: (n, h, w) or (n, h, w, c): grey, or c = 1 grey, 3 red, green and blue, 4 with alpha.

    Raises:
        UserError: another shape or other values; `where` names the file in the message.
    """
    grey_or_colour = array.ndim == 3 or (array.ndim == 4 and array.shape[3] in (1, 3, 4))
    # (h, w, 3) is one picture in colour, and no h pictures of 3 px.
    if not grey_or_colour or not array.size or min(array.shape[1:3]) < 8:
        raise UserError(f"{where} has the shape {array.shape}; allowed: (n, h, w) or (n, h, w, 3)")
    if array.dtype.kind not in "buif":
        raise UserError(f"{where} holds values of the type {array.dtype}; allowed: numbers")
    step = max(1, BLOCK * SIDE * SIDE // array[0].size)
    parts = [array[start : start + step] for start in range(0, len(array), step)]
    ends = [float(end) for part in parts for end in (part.min(), part.max())]
    wrong = [end for end in ends if not 0 <= end <= FULL[-1]]
    if wrong:
        raise UserError(f"{where} holds {wrong[0]:g}; allowed: 0..1, 0..255 or up to 0..{FULL[-1]}")
    white = next(full for full in FULL if max(ends) <= full) if max(ends) else 255
    changes = []
    if white != 255 or array.dtype != np.uint8:
        changes.append(f"{array.dtype.name} 0..{white} to 8 bit")
    images = np.empty(array.shape[:3], np.uint8)
    for number, part in enumerate(parts):
        grey = part if array.dtype == np.uint8 and white == 255 else part * (255 / white)
        if array.ndim == 4:
            *_, channels = grey.shape
            if channels == 4 and part[..., 3].min() < white:
                changes.append("transparent: on black or white, whichever shows more")
            colours = part[..., :3]
            if (colours.max(axis=-1) != colours.min(axis=-1)).any():
                changes.append("colour to grey")
            grey = _flat(grey)
        images[number * step : number * step + len(part)] = np.rint(grey)
    return images, list(dict.fromkeys(changes))


def _flat(images: NDArray[Any]) -> NDArray[Any]:
    """Grey (n, h, w) of (n, h, w, 1, 3 or 4), 0..255 both."""
    if images.shape[3] == 1:
        return images[..., 0]
    grey = images[..., :3] @ np.array(LUMA, np.float32)
    if images.shape[3] == 3:
        return grey
    alpha = images[..., 3] / 255
    # Black ink is seen on white, and white ink on black.
    ink = (grey * alpha).sum(axis=(1, 2)) / np.maximum(alpha.sum(axis=(1, 2)), 1e-9)
    ground = np.where(ink > 127, 0, 255)[:, None, None]
    return grey * alpha + ground * (1 - alpha)


def as_images(array: NDArray[Any], where: str) -> NDArray[np.uint8]:
    """Images (n, 128, 128) of whole grey values 0..255 as uint8, whatever numbers hold them.

    Raises:
        UserError: another shape or other values; `where` names the file in the message.
    """
    if array.ndim != 3 or array.shape[1:] != (SIDE, SIDE) or len(array) == 0:
        raise UserError(f"{where} has the shape {array.shape}; allowed: (n, {SIDE}, {SIDE})")
    images = np.empty(array.shape, np.uint8)
    for start in range(0, len(array), BLOCK):
        _check_values(array[start : start + BLOCK], 255, where)
        images[start : start + BLOCK] = array[start : start + BLOCK]
    return images


def as_labels(array: NDArray[Any], where: str) -> NDArray[np.uint8]:
    """Labels (n,) 0..9 as uint8, whatever numbers hold them.

    Raises:
        UserError: another shape or other values; `where` names the file in the message.
    """
    if array.ndim != 1:
        raise UserError(f"{where} has the shape {array.shape}; allowed: (n,)")
    _check_values(array, 9, where)
    return array.astype(np.uint8)


def _check_values(values: NDArray[Any], largest: int, where: str) -> None:
    allowed = f"allowed: whole numbers 0..{largest}"
    if values.dtype.kind not in "uif":
        raise UserError(f"{where} holds values of the type {values.dtype}; {allowed}")
    wrong = values[~((values >= 0) & (values <= largest) & (values == np.floor(values)))]
    if wrong.size:
        raise UserError(f"{where} holds {wrong[0]}; {allowed}")
