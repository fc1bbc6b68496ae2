"""Stars: a dark cloudy sky with points, a few discs, a rare spiked star and a bright nebula."""

import numpy as np
from numpy.typing import NDArray

from ablation.composition.backgrounds.noise import Field, dots, grey, remap, smooth

_SHAPE = (1500, 1500)
_CROPS = _SHAPE[0] * _SHAPE[1] / 128**2  # how many measured crops the source holds
_POINTS, _DISCS = 175, 3  # in each crop (measured)
_SPIKED = 8  # in the whole source, so that one crop in twenty shows one
# Percentiles and grey levels of the sky without its stars: dark, with a rare bright nebula.
_SKY = ((0, 2, 25, 50, 75, 90, 97, 100), (20, 23, 33, 46, 67, 108, 165, 185))


def draw(rng: np.random.Generator) -> NDArray[np.uint8]:
    """The source picture, (1500, 1500) uint8."""
    cloud = smooth(_SHAPE, 100, 100, rng) + 0.06 * smooth(_SHAPE, 12, 12, rng)
    field = remap(cloud, *_SKY) + 3 * smooth(_SHAPE, 1, 1, rng)
    field += dots(_SHAPE, rng.uniform(80, 195, round(_POINTS * _CROPS)), 0.75, rng)
    field += dots(_SHAPE, rng.uniform(180, 350, round(_DISCS * _CROPS)), 1.3, rng)
    stamp = _spiked()
    side = len(stamp)
    for y, x in rng.integers(0, _SHAPE[0] - side, (_SPIKED, 2)):
        field[y : y + side, x : x + side] += stamp
    return grey(field)


def _spiked() -> Field:
    """A saturated star, (61, 61): a core of 8 px and four spikes of 30 px that fade."""
    y, x = np.mgrid[-30:31, -30:31].astype(np.float32)
    core = 700 * np.exp(-(y**2 + x**2) / 18)
    upright = np.exp(-(x**2)) * (1 - np.abs(y) / 31)
    level = np.exp(-(y**2)) * (1 - np.abs(x) / 31)
    return np.asarray(core + 250 * (upright + level), dtype=np.float32)
