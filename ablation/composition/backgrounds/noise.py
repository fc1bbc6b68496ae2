"""Random fields and marks that the background families share."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

Field = NDArray[np.float32]
Shape = tuple[int, int]
Floats = NDArray[np.float64]

_CROP = 128  # px, the side of the crops on which the families were measured


def smooth(shape: Shape, sigma_y: float, sigma_x: float, rng: np.random.Generator) -> Field:
    """White noise smoothed by a gaussian: `shape` float32, periodic, mean 0, standard deviation 1.

    `sigma_y` and `sigma_x` are the gaussian's standard deviations in px; 0 leaves an axis alone.
    """
    # In frequency space a wide gaussian costs no more than a narrow one.
    spectrum = fft.rfft2(rng.standard_normal(shape, np.float32))
    spectrum = ndimage.fourier_gaussian(spectrum, (sigma_y, sigma_x), n=shape[1])
    return standard(fft.irfft2(spectrum, s=shape))


def standard(field: Field) -> Field:
    """`field` shifted and scaled to mean 0 and standard deviation 1."""
    return np.asarray((field - field.mean()) / field.std(), dtype=np.float32)


def level(field: Field, sigma: float) -> Field:
    """`field` without its slow part (wider than `sigma` px), again with mean 0 and sd 1.

    Families whose crops all have nearly the same mean need this.
    """
    return standard(field - ndimage.gaussian_filter(field, sigma, mode="reflect"))


def remap(field: Field, percents: Sequence[float], levels: Sequence[float]) -> Field:
    """`field` through the increasing function that takes percentile i to `levels[i]`.

    Linear between them, so what is flat stays flat. The percentiles are those of random crops, in
    which pixels near the border are rarer. `percents` ascend from 0 to 100, `levels` ascend.
    """
    reach = [
        np.minimum(np.minimum(i, i[::-1]), _CROP)
        for i in (np.arange(1, side + 1, dtype=np.float32) for side in field.shape)
    ]
    weights = (reach[0][:, None] * reach[1][None, :]).ravel()
    order = np.argsort(field, axis=None)
    ranks = np.cumsum(weights[order], dtype=np.float64)
    at = np.searchsorted(ranks, ranks[-1] * np.asarray(percents) / 100)
    edges = field.ravel()[order][np.minimum(at, field.size - 1)]
    return np.interp(field, edges, levels).astype(np.float32)


def dots(shape: Shape, values: Floats, sigma: float, rng: np.random.Generator) -> Field:
    """Round marks at random places, `shape` float32: each peaks at one of `values` (n,).

    `sigma` is the standard deviation of their gaussian profile in px.
    """
    field = np.zeros(shape, np.float32)
    np.add.at(field, tuple(rng.integers(0, side, len(values)) for side in shape), values)
    peak = ndimage.gaussian_filter(np.pad([[1.0]], 20), sigma).max()
    return np.asarray(ndimage.gaussian_filter(field, sigma, mode="wrap") / peak, dtype=np.float32)


def lines(shape: Shape, centres: Floats, angles: Floats, lengths: Floats, widths: Floats) -> Field:
    """Straight strokes, `shape` float32 in 0..1, softened by half a pixel.

    `centres` (n, 2) in px, `angles` (n,) in radians from horizontal, `lengths` and `widths` (n,)
    in px.
    """
    field = np.zeros(shape, np.float32)
    for centre, angle, length, width in zip(centres, angles, lengths, widths, strict=True):
        along = np.arange(-length / 2, length / 2, 0.5)[:, None]
        across = np.arange(-(width - 1) / 2, width / 2, 0.5)[None, :]
        y = np.rint(centre[0] + along * np.sin(angle) + across * np.cos(angle)).astype(int)
        x = np.rint(centre[1] + along * np.cos(angle) - across * np.sin(angle)).astype(int)
        inside = (y >= 0) & (y < shape[0]) & (x >= 0) & (x < shape[1])
        field[y[inside], x[inside]] = 1
    return np.asarray(ndimage.gaussian_filter(field, 0.5), dtype=np.float32)


def grey(field: Field) -> NDArray[np.uint8]:
    """`field` rounded and clipped to the grey levels 0..255, uint8."""
    return np.clip(np.rint(field), 0, 255).astype(np.uint8)
