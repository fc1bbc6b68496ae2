"""From a study's configuration to what `ablation.compose` takes: geometry and background pictures.

Two stages need the same: preprocess, which composes the data set, and data_check, which judges it.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ablation import backgrounds
from ablation.placement import Geometry


class Layout(Protocol):
    """The part of a configuration that lays out an image; see `params.yaml`, section data."""

    @property
    def canvas(self) -> int: ...
    @property
    def tile(self) -> int: ...
    @property
    def digits(self) -> int: ...
    @property
    def rotation(self) -> float: ...
    @property
    def magnification(self) -> list[float]: ...
    @property
    def blur(self) -> float: ...


def geometry(layout: Layout) -> Geometry:
    """The geometry that a configuration asks for.

    Raises ValueError where its tiles cannot lie disjoint on the canvas or a range is empty.
    """
    return Geometry(
        canvas=layout.canvas,
        tile=layout.tile,
        digits=layout.digits,
        rotation_deg=layout.rotation,
        scale=(layout.magnification[0], layout.magnification[1]),
        blur_px=layout.blur,
    )


def pictures(families: Sequence[str], seed: int) -> list[NDArray[np.uint8]]:
    """The source picture of each of `families`, (H, W) uint8, as `seed` draws it.

    A family's picture is the same whichever others are asked for. Raises ValueError where there is
    no such family.
    """
    # A child of the seed for each family keeps a family's picture when another is left out.
    names = backgrounds.families()
    streams = dict(zip(names, np.random.SeedSequence(seed).spawn(len(names)), strict=True))
    return [
        # An unknown family has no stream; `draw` refuses it with the names of those there are.
        backgrounds.draw(family, np.random.default_rng(streams.get(family)))
        for family in families
    ]
