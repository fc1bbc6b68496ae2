"""A person's picture, a folder of them or an npz, as the arrays that a network takes."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PureWindowsPath

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from ablation.base.errors import UserError, brief
from ablation.inputs.own import as_grey, as_labels, read_array

ENDINGS = (
    ".png", ".jpg", ".jpeg", ".jfif", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".avif", ".jp2",
    ".tga", ".pbm", ".pgm", ".ppm",
)  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """A picture in grey (height, width) uint8, 0 black and 255 white, and what was changed.

    `scale` is its px for each px that the person's picture has.
    """

    name: str
    grey: NDArray[np.uint8]
    scale: float
    changes: list[str]


# What gives a picture for the sides that a network takes, in px, or a UserError: it can't be read.
Load = Callable[[range], Picture]


def find(path: Path) -> dict[str, Load]:
    """What reads each of a person's pictures, by name.

    Args:
        path: of a picture, of a folder of pictures, or of an npz with `images`, of whatever
            `as_grey` takes.

    Raises:
        UserError: nothing is there, or no picture.
    """
    if not path.exists():
        raise UserError(f"{path} is not there; allowed: a picture, a folder of them, an npz")
    if path.suffix.lower() == ".npz":
        images, changes = as_grey(read_array(path, "images"), f"{path}: images")
        return {
            (name := f"{path.name}[{number}]"): partial(fit, name, image, changes)
            for number, image in enumerate(images)
        }
    files = [path]
    if path.is_dir():
        named = sorted(file for file in path.glob("[!.]*") if file.suffix.lower() in ENDINGS)
        files = [file for file in named if not file.is_dir()]
    if not files:
        raise UserError(f"{path} holds no picture; allowed: {', '.join(ENDINGS)}")
    return {file.name: partial(_read, file) for file in files}


def labels(path: Path, table: Path | None, names: Collection[str]) -> dict[str, int]:
    """Name of a picture -> its label; a table may name other pictures too. Empty without labels.

    Args:
        path: of the pictures; an npz may have an array `labels`.
        table: a CSV of file and label, with that header or none, which goes before.
        names: of the pictures.

    Raises:
        UserError: they are no labels 0..9, or not of these pictures.
    """
    if table is not None:
        known = _rows(table)
        if known.keys().isdisjoint(names):
            raise UserError(f"{table} names no picture of {path}, such as {next(iter(names))}")
        return known
    if path.suffix.lower() != ".npz":
        return {}
    with np.load(path) as arrays:
        if "labels" not in arrays:
            return {}
    array = as_labels(read_array(path, "labels"), f"{path}: labels")
    if len(array) != len(names):
        raise UserError(f"{path} has {len(names)} images and {len(array)} labels; as many of both")
    return dict(zip(names, array.tolist(), strict=True))


def _rows(table: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            delimiter = max(",;\t", key=first.count)
            rows = [[cell.strip() for cell in row] for row in csv.reader(file, delimiter=delimiter)]
    except (OSError, ValueError, csv.Error) as error:
        raise UserError(f"{table} is no table that can be read: {brief(error)}") from None
    rows = [row for row in rows if any(row)]
    if rows and [cell.lower() for cell in rows[0]] == ["file", "label"]:
        del rows[0]
    for row in rows:
        name, label = PureWindowsPath(row[0]).name, row[-1]  # its separators are / and \
        if len(row) != 2 or label not in set("0123456789") or name in found:
            raise UserError(
                f"{table}: {brief(','.join(row))}; allowed: the header file,label or none, then"
                " rows of a file, named once, and 0 to 9"
            )
        found[name] = int(label)
    return found


def fit(name: str, grey: NDArray[np.uint8], changes: list[str], sides: range) -> Picture:
    """A picture with both sides among `sides`: made smaller, or padded to the right and below."""
    height, width = grey.shape
    scale = min(1.0, sides[-1] / max(height, width))
    if scale < 1:
        size = [max(1, round(side * scale)) for side in (width, height)]
        changes = [*changes, f"scaled: {width} x {height} to {size[0]} x {size[1]} px"]
        grey = np.asarray(Image.fromarray(grey).resize((size[0], size[1])))
    below, right = (max(0, sides[0] - side) for side in grey.shape)
    if below or right:
        changes = [*changes, f"padded: {grey.shape[1]} x {grey.shape[0]} px"]
        edge = np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]))
        grey = np.pad(grey, ((0, below), (0, right)), constant_values=round(float(edge)))
    return Picture(name, grey, scale, changes)


def _read(path: Path, sides: range) -> Picture:
    first = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow, over what it can read all the same
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as picture:
                frames = getattr(picture, "n_frames", 1)
                if frames > 1:
                    first.append(f"first of {frames} frames")
                if picture.getexif().get(ExifTags.Base.Orientation, 1) != 1:
                    first.append("turned as its EXIF says")
                turned = ImageOps.exif_transpose(picture)
                if turned.mode[0] not in "IF":  # 16 and 32 bit, which Pillow would cut off at 255
                    turned = turned.convert("RGBA" if turned.has_transparency_data else "RGB")
                array = np.asarray(turned)
    except UnidentifiedImageError:
        allowed = ", ".join((*ENDINGS, ".npz"))
        raise UserError(f"{path} is no picture that can be read; allowed: {allowed}") from None
    except Exception as error:  # damaged bytes raise whatever their decoder ran into
        raise UserError(f"{path} is no picture that can be read: {brief(error)}") from None
    (grey,), changes = as_grey(array[None], str(path))
    return fit(path.name, grey, first + changes, sides)
