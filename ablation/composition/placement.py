"""How an image is laid out, and where its tiles may lie: disjoint and whole (measured)."""

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ablation.composition.handwriting import HandwritingConfig

_CANDIDATES = 1 << 15  # placements tried at once
_PATIENCE = 64  # rounds of candidates after which each should have found one placement


@dataclass(frozen=True)
class Geometry:
    """How an image is laid out.

    `canvas` and `tile` are sides in px, `digits` how many tiles an image holds, `rotation_deg` the
    largest turn either way in degrees, `scale` the (smallest, largest) magnification of a digit
    and `blur_px` the standard deviation of its blur in px. `handwriting` is how digits vary beyond
    that, None where they do not.
    Raises ValueError where the tiles cannot lie disjoint on the canvas or a range is empty.
    """

    canvas: int
    tile: int
    digits: int
    rotation_deg: float
    scale: tuple[float, float]
    blur_px: float
    handwriting: HandwritingConfig | None = None

    def __post_init__(self) -> None:
        if self.canvas < 1 or self.tile < 1 or self.digits < 1:
            raise ValueError(
                f"canvas {self.canvas}, tile {self.tile}, digits {self.digits}:"
                " expected 1 or more for each"
            )
        if (self.canvas // self.tile) ** 2 < self.digits:
            raise ValueError(
                f"{self.digits} disjoint tiles of {self.tile} px do not fit a canvas of"
                f" {self.canvas} px: it must be at least"
                f" {self.tile * ceil(sqrt(self.digits))} px"
            )
        if not 0 < self.scale[0] <= self.scale[1]:
            raise ValueError(f"digit scale {self.scale}: expected 0 < smallest <= largest")
        if self.rotation_deg < 0 or self.blur_px < 0:
            raise ValueError(
                f"rotation {self.rotation_deg} deg, blur {self.blur_px} px: expected 0 or more"
            )


class Layout(Protocol):
    """The part of a configuration that lays out an image; see `params.yaml`, section data."""

    @property
    def canvas(self) -> int: ...
    @property
    def tile(self) -> int: ...
    @property
    def digits(self) -> int: ...
    @property
    def rotation(self) -> float: ...
    @property
    def magnification(self) -> list[float]: ...
    @property
    def blur(self) -> float: ...


def geometry(layout: Layout) -> Geometry:
    """The geometry that a configuration asks for.

    Raises ValueError where its tiles cannot lie disjoint on the canvas or a range is empty.
    """
    return Geometry(
        canvas=layout.canvas,
        tile=layout.tile,
        digits=layout.digits,
        rotation_deg=layout.rotation,
        scale=(layout.magnification[0], layout.magnification[1]),
        blur_px=layout.blur,
    )


def place(count: int, geometry: Geometry, rng: np.random.Generator) -> NDArray[np.int16]:
    """Top-left corners (count, digits, 2) int16 in px of tiles that are whole and disjoint.

    All tiles of an image are drawn together and rejected together, so that every disjoint
    placement is equally likely. Raises ValueError where such placements are too rare to find.
    """
    shape = (_CANDIDATES, geometry.digits, 2)
    placed = [np.zeros((0, *shape[1:]), np.int16)]
    found = tried = 0
    first, second = np.triu_indices(geometry.digits, 1)
    highest = geometry.canvas - geometry.tile
    while found < count:
        corners = rng.integers(0, highest, shape, np.int16, endpoint=True)
        distance = np.abs(corners[:, first] - corners[:, second]).max(axis=2)
        good = corners[(distance >= geometry.tile).all(axis=1)]
        placed.append(good)
        found += len(good)
        tried += 1
        if tried == _PATIENCE and found < tried:
            raise ValueError(
                f"{geometry.digits} disjoint tiles of {geometry.tile} px hardly ever fall on a"
                f" canvas of {geometry.canvas} px: enlarge it by a few px"
            )
    return np.concatenate(placed)[:count]
