"""Water: dark ripples with long thin horizontal crests."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ablation.composition.backgrounds.noise import grey, level, remap, smooth

_SHAPE = (240, 350)
# Measured at 1, 5, 25, 50, 75, 95 and 99; the others bring the mean to the measured 76.
_PERCENTS = (0, 1, 5, 25, 50, 75, 85, 95, 99, 100)
_LEVELS = (33, 39, 44, 57, 72, 92, 104, 124, 136, 162)


def draw(rng: np.random.Generator) -> NDArray[np.uint8]:
    """The source picture, (240, 350) uint8."""
    ripples = smooth(_SHAPE, 0.9, 4.5, rng)
    # Crests rise and fall by a few px along their length.
    y, x = np.indices(_SHAPE, np.float32)
    bent = ndimage.map_coordinates(
        ripples, (y + 1.5 * smooth(_SHAPE, 8, 16, rng), x), order=1, mode="grid-wrap"
    )
    return grey(remap(level(bent, 12), _PERCENTS, _LEVELS))
