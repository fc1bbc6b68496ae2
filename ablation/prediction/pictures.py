"""A person's pictures as the arrays that a network takes: a PNG, a folder of them, or an npz."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ablation.base.errors import UserError

Images = dict[str, NDArray[np.uint8]]


def read(path: Path, sides: range) -> tuple[Images, list[UserError]]:
    """A person's pictures by name, and why some of a folder are none of them.

    Args:
        path: of a picture, a folder (its PNG files), or an npz with one array `images` (n, side,
            side) uint8.
        sides: that the network takes, in px.

    Returns:
        name -> grey square image (side, side) uint8, 0 black and 255 white; of a folder's files
        that are no such picture what is wrong.

    Raises:
        UserError: nothing is there, the file is no picture, has colours or another size.
    """
    if path.is_dir():
        return _folder(path, sides)
    if not path.exists():
        raise UserError(f"{path} is not there; allowed: a PNG, a folder of them, an npz")
    if path.suffix.lower() == ".npz":
        return {f"{path.name}[{n}]": image for n, image in enumerate(_arrays(path, sides))}, []
    return {path.name: _picture(path, sides)}, []


def _folder(path: Path, sides: range) -> tuple[Images, list[UserError]]:
    files = sorted(file for file in path.iterdir() if file.suffix.lower() == ".png")
    if not files:
        raise UserError(f"{path} has no PNG file; allowed: a PNG, a folder of them, an npz")
    images, refused = {}, []
    for file in files:
        try:
            images[file.name] = _picture(file, sides)
        except UserError as error:
            refused.append(error)
    return images, refused


def _picture(path: Path, sides: range) -> NDArray[np.uint8]:
    try:
        with Image.open(path) as picture:
            if picture.width != picture.height or picture.width not in sides:
                raise UserError(
                    f"{path} has {picture.width} x {picture.height} px; the network takes "
                    f"{_told(sides)}: scale or cut it"
                )
            channels = np.asarray(picture.convert("RGBA"))
    except UserError:
        raise
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError):
        raise UserError(f"{path} is no picture that can be read; a PNG is wanted") from None
    grey = channels[..., 0]
    if (channels[..., 1] != grey).any() or (channels[..., 2] != grey).any():
        raise UserError(f"{path} has colours; the network takes grey pictures: convert it to grey")
    if (channels[..., 3] != 255).any():
        raise UserError(f"{path} is transparent in places; lay it on a grey ground first")
    return np.ascontiguousarray(grey)


def _arrays(path: Path, sides: range) -> NDArray[np.uint8]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            if "images" not in arrays.files:
                raise UserError(f"{path} has no array `images`, but {', '.join(arrays.files)}")
            images = arrays["images"]
    except UserError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        raise UserError(f"{path} is no npz file that can be read") from None
    if images.dtype != np.uint8 or images.ndim != 3:
        raise UserError(
            f"{path} has images {images.dtype} {images.shape}; allowed: uint8 (n, side, side)"
        )
    if images.shape[1] != images.shape[2] or images.shape[1] not in sides:
        raise UserError(
            f"{path} has images of {images.shape[2]} x {images.shape[1]} px; the network takes "
            f"{_told(sides)}"
        )
    return np.asarray(images)


def _told(sides: range) -> str:
    first, last = sides[0], sides[-1]
    return f"{first} x {first}" if first == last else f"squares of {first} to {last} px"
