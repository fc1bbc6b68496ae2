"""Granite: fine near-gaussian speckle with soft patches and a few thin bright diagonals."""

import numpy as np
from numpy.typing import NDArray

from ablation.composition.backgrounds.noise import grey, lines, smooth

_SHAPE = (1000, 1000)
_DIAGONALS = 4  # so that about half of the crops show one


def draw(rng: np.random.Generator) -> NDArray[np.uint8]:
    """The source picture, (1000, 1000) uint8."""
    speckle = 30 * smooth(_SHAPE, 0.5, 0.54, rng)
    patches = 14 * smooth(_SHAPE, 3, 3, rng) + 14 * smooth(_SHAPE, 7, 7, rng)
    veins = lines(
        _SHAPE,
        rng.uniform(200, 800, (_DIAGONALS, 2)),
        np.deg2rad(rng.choice([-1, 1], _DIAGONALS) * rng.uniform(30, 60, _DIAGONALS)),
        rng.uniform(900, 1400, _DIAGONALS),
        np.full(_DIAGONALS, 1.0),
    )
    return grey(136.5 + speckle + patches + 70 * veins)
