"""Training images that are composed anew for each epoch, so that a run never sees one twice.

Composing is the strongest augmentation there is here: other digits, places, turns and crops. The
images of an epoch are a function of the run's seed and the epoch alone, so an interrupted run goes
on with the images that it would have had.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ablation.composition.backgrounds import pictures
from ablation.composition.compose import compose
from ablation.composition.config import LayoutConfig
from ablation.composition.digits import Digits
from ablation.composition.placement import geometry

# (epoch from 0, how many) -> images (n, s, s) uint8 and their labels (n,) uint8.
Fresh = Callable[[int, int], tuple[NDArray[np.uint8], NDArray[np.uint8]]]


def composer(layout: LayoutConfig, digits: Digits, seed: int, workers: int) -> Fresh:
    """The images of each epoch of the run with this seed, laid out as the data set's.

    Args:
        layout: the study's own, so that only what is random differs from its data set.
        digits: MNIST's training digits; the test set's are others.
        workers: processes that compose, without influence on the images.
    """
    laid_out = geometry(layout)
    sources = pictures(layout.backgrounds, layout.background_seed)

    def images(epoch: int, count: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        stream = ("fresh", seed, epoch)
        composed = compose(digits, count, laid_out, sources, stream, workers)
        return composed.images, composed.labels

    return images
