"""The handwritten digits: turning, scaling and blurring them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

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
) -> NDArray[np.uint8]:
    """Each image turned and scaled about the tile's centre, bilinearly, then blurred.

    `images` (n, side, side) uint8; `angles_deg` (n,) degrees, counter-clockwise as displayed;
    `scales` (n,), above 1 enlarges; `blur_px` the standard deviation of the gaussian in px.
    What leaves the tile is lost and what enters it is black. Returns (n, side, side) uint8.
    Raises ValueError where a scale or the blur is not what it should be.
    """
    if len(scales) and scales.min() <= 0:
        raise ValueError(f"a digit scale of {scales.min()}: expected more than 0")
    if blur_px < 0:
        raise ValueError(f"a digit blur of {blur_px} px: expected 0 or more")
    made = np.empty(images.shape, np.uint8)
    for start in range(0, len(images), _BLOCK):
        block = slice(start, start + _BLOCK)
        turned = _turn(images[block], np.deg2rad(angles_deg[block]), scales[block])
        if blur_px > 0:
            for axis in (1, 2):
                turned = ndimage.gaussian_filter1d(turned, blur_px, axis=axis, mode="constant")
        made[block] = np.minimum(turned + 0.5, 255)
    return made


def _turn(
    images: NDArray[np.uint8], angles: NDArray[np.float64], scales: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Bilinear samples (n, side, side) of `images` at the inverse rotation and scale."""
    count, side, _ = images.shape
    # A black frame of 1 px on each side lets clipped coordinates read zeros instead of edges.
    padded = np.zeros((count, side + 2, side + 2), np.float32)
    padded[:, 1:-1, 1:-1] = images
    offset = (np.arange(side, dtype=np.float32) - (side - 1) / 2).astype(np.float32)
    cosine = (np.cos(angles) / scales).astype(np.float32)[:, None, None]
    sine = (np.sin(angles) / scales).astype(np.float32)[:, None, None]
    centre = np.float32((side + 1) / 2)
    down, right = offset[None, :, None], offset[None, None, :]
    y = np.clip(centre + cosine * down + sine * right, 0, np.float32(side + 0.999))
    x = np.clip(centre - sine * down + cosine * right, 0, np.float32(side + 0.999))
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
