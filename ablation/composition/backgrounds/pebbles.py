"""Pebbles: packed angular flat-grey stones with hard black gaps."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ablation.composition.backgrounds.noise import grey, remap, smooth

_SHAPE = (600, 600)
_PITCH = (7.6, 6.0)  # px between stones down and across, so that they are 4 to 9 px wide
_PERCENTS = (0, 1, 5, 25, 50, 75, 95, 99, 100)
_LEVELS = (0, 0, 10, 82, 132, 165, 193, 211, 235)  # measured


def draw(rng: np.random.Generator) -> NDArray[np.uint8]:
    """The source picture, (600, 600) uint8."""
    # Stones are the cells of a Voronoi diagram, gaps lie where two cells are nearly equally near.
    # A jittered grid, for points thrown at random would leave slivers between the stones.
    grid = np.mgrid[-1 : _SHAPE[0] / _PITCH[0] + 1, -1 : _SHAPE[1] / _PITCH[1] + 1]
    centres = np.moveaxis(grid, 0, -1).reshape(-1, 2)
    centres = (centres + rng.uniform(-0.48, 0.48, centres.shape)) * _PITCH
    pixels = np.moveaxis(np.indices(_SHAPE), 0, -1).reshape(-1, 2)
    distance, nearest = cKDTree(centres).query(pixels, k=2)
    depth = distance[:, 1] - distance[:, 0]
    gap = np.clip(depth / rng.uniform(1.8, 2.8, len(centres))[nearest[:, 0]], 0, 1)
    stone = rng.uniform(118, 195, len(centres))[nearest[:, 0]]
    field = (stone * gap).reshape(_SHAPE) + 4 * smooth(_SHAPE, 0, 0, rng)
    field *= 1 + 0.04 * smooth(_SHAPE, 40, 40, rng)
    return grey(remap(field.astype(np.float32), _PERCENTS, _LEVELS))
