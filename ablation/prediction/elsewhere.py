"""How a network does on images unlike those it was trained on: other pictures, other sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablation.composition.backgrounds import pictures
from ablation.composition.compose import compose
from ablation.composition.config import LayoutConfig
from ablation.composition.digits import Digits
from ablation.composition.placement import geometry
from ablation.evaluation.metrics import accuracy, wilson

# Images (n, side, side) uint8 to the digits that are said (n,) uint8.
Predict = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


@dataclass(frozen=True)
class Judged:
    """An accuracy with Wilson's 95% interval, of all images and of each family (0..1).

    `side` is the images' in px; `other_pictures` whether their backgrounds are cut from pictures of
    which no training image is cut.
    """

    side: int
    other_pictures: bool
    images: int
    accuracy: float
    low: float
    high: float
    families: dict[str, float]


def judge(
    predict: Callable[[int], Predict],
    layout: LayoutConfig,
    digits: Digits,
    sides: list[int],
    count: int,
    workers: int,
) -> Iterator[Judged]:
    """Judges on `count` new images of each side, over the study's pictures and over others.

    Args:
        predict: the network for images of a side.
        layout: as the training images'; canvas and pictures are replaced.
        digits: that no training image has.
    """
    for side in sides:
        for step in (0, 1):  # the study's own pictures, then others
            seed = layout.background_seed + step
            laid_out = geometry(layout.model_copy(update={"canvas": side}))
            sources = pictures(layout.backgrounds, seed)
            made = compose(digits, count, laid_out, sources, ("elsewhere", side, step), workers)
            said = predict(side)(made.images)
            low, high = wilson(int(np.sum(said == made.labels)), count)
            families = {
                family: accuracy(made.labels[made.families == n], said[made.families == n])
                for n, family in enumerate(layout.backgrounds)
                if (made.families == n).any()
            }
            yield Judged(side, bool(step), count, accuracy(made.labels, said), low, high, families)
