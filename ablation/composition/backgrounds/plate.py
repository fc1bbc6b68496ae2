"""Plate: a light scratched board with slow shading, dark spots and dark stains."""

import numpy as np
from numpy.typing import NDArray

from ablation.composition.backgrounds.noise import Field, dots, grey, lines, remap, smooth

_SHAPE = (1500, 1500)
_SPOTS = 9000
_SCRATCHES = 150  # of each kind, dark and bright
# Percentiles and grey levels of the slow shading and its stains, before the detail is added.
_SHADE = ((0, 2, 6, 10, 25, 50, 75, 100), (40, 52, 75, 128, 142, 157, 171, 180))
_PERCENTS = (0, 1, 5, 25, 50, 75, 95, 99, 100)
_LEVELS = (20, 40, 68, 132, 151, 170, 183, 188, 200)  # measured


def draw(rng: np.random.Generator) -> NDArray[np.uint8]:
    """The source picture, (1500, 1500) uint8."""
    shade = remap(smooth(_SHAPE, 110, 110, rng) + 0.02 * smooth(_SHAPE, 8, 8, rng), *_SHADE)
    grain = 5 * smooth(_SHAPE, 0.7, 2.5, rng) + 5 * smooth(_SHAPE, 1.2, 1.2, rng)
    spots = dots(_SHAPE, rng.uniform(15, 90, _SPOTS), 1.3, rng)
    spots += dots(_SHAPE, rng.uniform(10, 50, _SPOTS // 4), 2.2, rng)
    detail = grain - spots + 16 * _scratches(rng) - 40 * _scratches(rng)
    return grey(remap(shade + detail, _PERCENTS, _LEVELS))


def _scratches(rng: np.random.Generator) -> Field:
    """Long straight scratches in every direction, 1 to 3 px wide, 0..1."""
    return lines(
        _SHAPE,
        rng.uniform(0, _SHAPE[0], (_SCRATCHES, 2)),
        rng.uniform(-np.pi, np.pi, _SCRATCHES),
        rng.uniform(60, 600, _SCRATCHES),
        rng.uniform(1, 3, _SCRATCHES),
    )
