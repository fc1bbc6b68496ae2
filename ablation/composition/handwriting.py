"""Digits as another hand would have written them: slanted, widened, thickened and bent."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.interpolate import BSpline

from ablation.base.section import Section

_BENDS = 4  # intervals a side of the grid that bends a digit
_INK = 63  # what is brighter counts for a digit's size


class HandwritingConfig(Section):
    """By how much the digits of fresh images differ from MNIST's; see `params.yaml`, train.

    The bounds keep digits as readable as MNIST's own when turned by 45 degrees (looked at).
    """

    shear: Annotated[float, Field(ge=0, le=0.3)]
    stretch: Annotated[float, Field(ge=0, le=0.25)]
    thickness: Annotated[float, Field(ge=0, le=1)]
    elastic: Annotated[float, Field(ge=0, le=2)]


@dataclass(frozen=True)
class Hand:
    """How another hand would have written n digits.

    `matrices` (n, 2, 2) take a place (y, x) about the centre to where MNIST's digit has it, `bends`
    (n, 2, side, side) are added to that in px, and `thickness` (n,) px is how far each edge of a
    stroke moves outwards.
    """

    matrices: NDArray[np.float64]
    bends: NDArray[np.float32]
    thickness: NDArray[np.float32]


def draw_hand(
    config: HandwritingConfig, images: NDArray[np.uint8], rng: np.random.Generator
) -> Hand:
    """Draws each of the digits `images` (n, side, side) a hand, uniformly within the limits."""
    count, side, _ = images.shape
    slant = rng.uniform(-config.shear, config.shear, count)
    wide = np.exp(np.log1p(config.stretch) * rng.uniform(-1, 1, count))
    thickness = np.asarray(
        rng.uniform(-config.thickness, config.thickness, count), dtype=np.float32
    )
    grid = rng.uniform(-config.elastic, config.elastic, (count, 2, _BENDS + 3, _BENDS + 3))
    forward = np.zeros((count, 2, 2))
    forward[:, 0, 0], forward[:, 1, 0], forward[:, 1, 1] = 1, slant, wide
    # Brought to the size that it had, as MNIST's digits all were to theirs, so it fits the tile.
    places = np.indices((side, side)).reshape(2, -1) - (side - 1) / 2
    ink = images.reshape(count, -1) > _INK
    before, after = (
        np.max(np.abs(moved).max(axis=-2) * ink, axis=1, initial=1)
        for moved in (places, forward @ places)
    )
    matrices = np.linalg.inv(forward) * (after / before)[:, None, None]
    # Cubic B-splines on a coarse grid: no point moves further than the grid's.
    knots = np.arange(-3, _BENDS + 4) * (side / _BENDS)
    spline = BSpline.design_matrix(np.arange(side) + 0.5, knots, 3).toarray()
    bends = np.asarray(spline @ grid @ spline.T, dtype=np.float32)
    return Hand(matrices, bends, thickness)


def thicken(images: NDArray[np.uint8], px: NDArray[np.float32]) -> NDArray[np.float32]:
    """Images (n, side, side) with the edges of their strokes moved outwards by `px` (n,), -1..1.

    Gaps that would close and strokes that would vanish stay as they are.
    """
    # To thin ink is to thicken paper.
    paper = np.where(px < 0, 255, 0).astype(np.uint8)[:, None, None]
    grown = _spread(images ^ paper, np.maximum)
    rim = grown - _spread(grown, np.minimum)
    return np.asarray(images + px[:, None, None] * rim, dtype=np.float32)


def _spread(images: NDArray[np.uint8], best: np.ufunc) -> NDArray[np.uint8]:
    """The `best`, greatest or least, of each pixel and its four neighbours."""
    made = images.copy()
    for to, of in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[:, :, 1:], np.s_[:, :, :-1])):
        best(made[to], images[of], out=made[to])
        best(made[of], images[to], out=made[of])
    return made
