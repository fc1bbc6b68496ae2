"""A person's picture, a folder of them or an npz, as the arrays that a network takes."""

from __future__ import annotations

from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ablation.base.errors import UserError

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")


def read(path: Path, sides: range) -> dict[str, NDArray[np.uint8]]:
    """A person's pictures by name: grey and square (side, side) uint8, 0 black and 255 white.

    Args:
        path: of a picture, of a folder of pictures, or of an npz with `images` (n, side, side)
            uint8.
        sides: that the network takes, in px.

    Raises:
        UserError: nothing is there, or it is no picture of such a size.
    """
    if not path.exists():
        raise UserError(f"{path} is not there; allowed: a picture, a folder of them, an npz")
    if path.suffix == ".npz":
        found = {f"{path.name}[{n}]": image for n, image in enumerate(_images(path))}
    elif path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in ENDINGS)
        found = {file.name: grey(file) for file in files}
    else:
        found = {path.name: grey(path)}
    if not found:
        raise UserError(f"{path} holds no picture; allowed: {', '.join(ENDINGS)}")
    for name, image in found.items():
        if image.dtype != np.uint8 or image.ndim != 2:
            raise UserError(f"{name} is {image.dtype} {image.shape}; allowed: uint8 (side, side)")
        height, width = image.shape
        if height != width or height not in sides:
            first, last = sides[0], sides[-1]
            allowed = f"{first} x {first}" if first == last else f"squares of {first} to {last}"
            raise UserError(
                f"{name} has {width} x {height} px; the network takes {allowed}: scale or cut it"
            )
    return found


def _images(path: Path) -> NDArray[np.uint8]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return arrays["images"]
    except (OSError, ValueError, EOFError, KeyError, BadZipFile) as error:
        raise UserError(f"{path} has no array `images` that can be read: {error}") from None


def grey(path: Path) -> NDArray[np.uint8]:
    """A picture of any kind in grey (height, width) uint8."""
    try:
        with Image.open(path) as picture:
            if picture.mode.startswith("I"):  # 16 bits, which Pillow would cut off at 255
                return (np.asarray(picture) >> 8).astype(np.uint8)
            return np.asarray(picture.convert("L"))
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise UserError(f"{path} is no picture that can be read: {error}") from None
