"""The handwritten digits: turning, scaling and blurring them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ablation.composition.handwriting import Hand, thicken

SIDE = 28  # px, of MNIST's images
_BLOCK = 64  # digits turned at once: few enough for the processor's cache


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
            thick = thicken(images[block], hand.thickness[block])
            turned = _sample(thick, hand.matrices[block] @ matrices[block], hand.bends[block])
        if blur_px > 0:
            for axis in (1, 2):
                turned = ndimage.gaussian_filter1d(turned, blur_px, axis=axis, mode="constant")
        made[block] = np.minimum(turned + 0.5, 255)
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
