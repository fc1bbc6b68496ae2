"""Rings: sawtooth circles about one centre, an exact formula without noise."""

import numpy as np
from numpy.typing import NDArray

_SIDE = 500  # px
_PERIOD = 26.65  # px (measured)
# The measured percentiles are those of a ramp from 194.5 down by 198 a ring, clipped to 0..178;
# the plain ramp from 178 to 0 has its mean at 89, below every measured image (92 to 97).
_START, _DROP, _BRIGHTEST = 194.5, 198.0, 178.0


def draw(rng: np.random.Generator) -> NDArray[np.uint8]:
    """The source picture, (500, 500) uint8; `rng` moves the common centre a little."""
    # Off the middle to the left, since the rings vary faster across than down (measured).
    centre = rng.uniform((225, 125), (275, 175))
    y, x = np.ogrid[:_SIDE, :_SIDE]
    phase = np.hypot(y - centre[0], x - centre[1]) / _PERIOD % 1
    return np.rint(np.clip(_START - _DROP * phase, 0, _BRIGHTEST)).astype(np.uint8)
