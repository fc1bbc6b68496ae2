"""The handwritten digits: turning, scaling and blurring them, and varying the hand."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.interpolate import BSpline

from ablation.composition.config import HandwritingConfig

SIDE = 28  # px, of MNIST's images
_BLOCK = 64  # digits turned at once: few enough for the processor's cache
_BENDS = 4  # intervals a side of the grid that bends a digit
_INK = 63  # what is brighter counts for a digit's size


@dataclass(frozen=True)
class Digits:
    """A pool of digits: `images` (n, 28, 28) uint8 with ink at 255, `labels` (n,) uint8 in 0..9.

    Raises ValueError where the arrays do not fit each other.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if self.images.ndim != 3 or self.images.shape[1] != self.images.shape[2]:
            raise ValueError(f"digit images of shape {self.images.shape}: expected (n, side, side)")
        if self.images.dtype != np.uint8 or self.labels.dtype != np.uint8:
            raise ValueError(
                f"digits of type {self.images.dtype} with labels of type {self.labels.dtype}:"
                " expected uint8 for both"
            )
        if self.labels.shape != self.images.shape[:1]:
            raise ValueError(f"{len(self.images)} digit images but labels of {self.labels.shape}")

    def __len__(self) -> int:
        return len(self.labels)


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


def transform(
    images: NDArray[np.uint8],
    angles_deg: NDArray[np.float64],
    scales: NDArray[np.float64],
    blur_px: float,
    hand: Hand | None = None,
) -> NDArray[np.uint8]:
    """Each image turned and scaled about the tile's centre, bilinearly, then blurred.

    `images` (n, side, side) uint8; `angles_deg` (n,) degrees, counter-clockwise as displayed;
    `scales` (n,), above 1 enlarges; `blur_px` the standard deviation of the gaussian in px; `hand`
    changes the digits first, in the same resampling.
    What leaves the tile is lost and what enters it is black. Returns (n, side, side) uint8.
    Raises ValueError where a scale or the blur is not what it should be.
    """
    if len(scales) and scales.min() <= 0:
        raise ValueError(f"a digit scale of {scales.min()}: expected more than 0")
    if blur_px < 0:
        raise ValueError(f"a digit blur of {blur_px} px: expected 0 or more")
    angles = np.deg2rad(angles_deg)
    cosine, sine = np.cos(angles) / scales, np.sin(angles) / scales
    matrices = np.stack([cosine, sine, -sine, cosine], axis=-1).reshape(-1, 2, 2)
    made = np.empty(images.shape, np.uint8)
    for start in range(0, len(images), _BLOCK):
        block = slice(start, start + _BLOCK)
        if hand is None:
            turned = _sample(images[block], matrices[block])
        else:
            thick = _thicken(images[block], hand.thickness[block])
            turned = _sample(thick, hand.matrices[block] @ matrices[block], hand.bends[block])
        if blur_px > 0:
            for axis in (1, 2):
                turned = ndimage.gaussian_filter1d(turned, blur_px, axis=axis, mode="constant")
        made[block] = np.minimum(turned + 0.5, 255)
    return made


def _thicken(images: NDArray[np.uint8], px: NDArray[np.float32]) -> NDArray[np.float32]:
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


def _sample(
    images: NDArray[np.uint8] | NDArray[np.float32],
    matrices: NDArray[np.float64],
    bends: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Bilinear samples (n, side, side) of `images` where `matrices` and `bends` say; see `Hand`."""
    count, side, _ = images.shape
    # A black frame of 1 px on each side lets clipped coordinates read zeros instead of edges.
    padded = np.zeros((count, side + 2, side + 2), np.float32)
    padded[:, 1:-1, 1:-1] = images
    offset = (np.arange(side, dtype=np.float32) - (side - 1) / 2).astype(np.float32)
    centre = np.float32((side + 1) / 2)
    down, right = offset[None, :, None], offset[None, None, :]
    places = []
    for axis in (0, 1):
        by_down, by_right = matrices[:, axis].astype(np.float32).T[:, :, None, None]
        place = centre + by_down * down + by_right * right
        if bends is not None:
            place += bends[:, axis]
        places.append(np.clip(place, 0, np.float32(side + 0.999), out=place))
    y, x = places
    top, left = y.astype(np.int32), x.astype(np.int32)
    y -= top
    x -= left
    stride = side + 2
    flat = padded.reshape(-1)
    corner = top * stride + left + (np.arange(count, dtype=np.int32) * stride**2)[:, None, None]
    upper = flat[corner]
    upper += x * (flat[corner + 1] - upper)
    lower = flat[corner + stride]
    lower += x * (flat[corner + stride + 1] - lower)
    return np.asarray(upper + y * (lower - upper), dtype=np.float32)
