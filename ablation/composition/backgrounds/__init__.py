"""The background families: each is one large picture, from which every image takes a crop."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ablation import streams
from ablation.composition.backgrounds import (
    contour,
    granite,
    mosaic,
    pebbles,
    plate,
    rings,
    stars,
    water,
)

_FAMILIES: dict[str, Callable[[np.random.Generator], NDArray[np.uint8]]] = {
    "plate": plate.draw,
    "granite": granite.draw,
    "pebbles": pebbles.draw,
    "stars": stars.draw,
    "rings": rings.draw,
    "water": water.draw,
    "contour": contour.draw,
    **mosaic.FAMILIES,
}

SMALLEST = 240  # px, the shortest side of any family's picture (the water's)


def families() -> tuple[str, ...]:
    """The names of the families: the measured ones in their order, then those of `mosaic`."""
    return tuple(_FAMILIES)


def draw(family: str, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The source picture of `family`, (H, W) uint8, the same for the same state of `rng`.

    Raises ValueError where there is no such family.
    """
    if family not in _FAMILIES:
        raise ValueError(f"background family {family!r}: expected one of {', '.join(_FAMILIES)}")
    return _FAMILIES[family](rng)


def crop(
    source: NDArray[np.uint8],
    tops: NDArray[np.integer],
    lefts: NDArray[np.integer],
    size: int,
) -> NDArray[np.uint8]:
    """Crops (n, size, size) uint8 of `source` (H, W) at `tops` (n,) and `lefts` (n,) in px.

    Raises IndexError where a crop would leave the source, ValueError where `size` is too large.
    """
    return np.asarray(sliding_window_view(source, (size, size))[tops, lefts])


def pictures(names: Sequence[str], *seeds: int) -> list[NDArray[np.uint8]]:
    """The source picture of each family of `names`, (H, W) uint8, as `seeds` draw it.

    A family's picture is the same whichever others are asked for. Raises ValueError where there is
    no such family.
    """
    return [draw(family, streams.generator("background", *seeds, family)) for family in names]
