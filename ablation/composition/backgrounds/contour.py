"""Contour: closed bright bands and blobs on a flat dark ground, like the lines of a map."""

import numpy as np
from numpy.typing import NDArray

from ablation.composition.backgrounds.noise import Field, grey, level, remap, smooth

_SHAPE = (800, 800)
# Measured at 1, 5, 25, 50, 75, 95 and 99; the others bring the mean to the measured 62.
_PERCENTS = (0, 1, 5, 25, 50, 75, 85, 95, 99, 100)
_LEVELS = (21, 25, 31, 37, 45, 72, 92, 139, 146, 152)


def draw(rng: np.random.Generator) -> NDArray[np.uint8]:
    """The source picture, (800, 800) uint8."""
    ground = 38 + 4 * smooth(_SHAPE, 2, 2, rng) + 2 * smooth(_SHAPE, 0.5, 0.5, rng)
    land = level(smooth(_SHAPE, 5, 5, rng), 20)
    dark = _band(land, -0.9, 2.0)
    bright = _band(land, 0.8, 1.6)
    field = ground + 22 * dark
    field += (143 + 2 * smooth(_SHAPE, 1, 1, rng) - field) * bright
    return grey(remap(field, _PERCENTS, _LEVELS))


def _band(land: Field, height: float, half_width: float) -> Field:
    """The band within `half_width` px of the contour at `height`, 0..1 with edges of one px."""
    slope = np.hypot(*np.gradient(land))
    distance = np.abs(land - height) / np.maximum(slope, 0.02)
    return np.clip(half_width + 0.5 - distance, 0, 1).astype(np.float32)
