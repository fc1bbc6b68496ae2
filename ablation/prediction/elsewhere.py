"""How good a network is on images unlike the training images: other backgrounds, other sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablation.composition.backgrounds import pictures
from ablation.composition.compose import compose
from ablation.composition.config import LayoutConfig
from ablation.composition.digits import Digits
from ablation.composition.placement import geometry
from ablation.evaluation.metrics import accuracy, wilson
from ablation.networks.config import CnnConfig, NetworkConfig

LARGEST = 1024  # px; beyond it an image takes gigabytes
SURE = (0.5, 0.8, 0.9, 0.95, 0.99)  # between these the probabilities of answers are judged together


def sides(network: NetworkConfig) -> range:
    """The sides of the images that a network takes, in px.

    A network without dense layers on flattened maps looks for digits at every place, so it takes
    larger images than it was trained on.
    """
    model = network.model
    anywhere = isinstance(model, CnnConfig) and model.head == "largest" and not network.input.pad
    return range(network.image_size, (LARGEST if anywhere else network.image_size) + 1)


def judge(
    predict: Callable[[NDArray[np.uint8]], NDArray[np.float64]],
    layout: LayoutConfig,
    digits: Digits,
    side: int,
    count: int,
    workers: int,
) -> Iterator[dict[str, Any]]:
    """Judges on `count` new images of `side` px, over the study's pictures and over others.

    Args:
        predict: images (n, side, side) uint8 to the probability of each label (n, 10).
        layout: as the training images'; canvas and pictures are replaced.
        digits: that no training image has.

    Yields:
        side in px; other_pictures, whether backgrounds are cut from pictures of which no training
        image is cut; images; accuracy with low and high of Wilson's 95% interval; that by family
        and by label; and the calibration.
    """
    laid_out = geometry(layout.model_copy(update={"canvas": side}))
    for step in (0, 1):  # the study's own pictures, then others
        sources = pictures(layout.backgrounds, layout.background_seed + step)
        made = compose(digits, count, laid_out, sources, ("elsewhere", side, step), workers)
        likely = predict(made.images)
        said = likely.argmax(axis=1).astype(np.uint8)
        low, high = wilson(int(np.sum(said == made.labels)), count)
        yield {
            "side": side,
            "other_pictures": bool(step),
            "images": count,
            "accuracy": accuracy(made.labels, said),
            "low": low,
            "high": high,
            "families": {
                family: accuracy(made.labels[made.families == n], said[made.families == n])
                for n, family in enumerate(layout.backgrounds)
                if (made.families == n).any()
            },
            "labels": {
                str(label): {
                    "images": int(np.sum(made.labels == label)),
                    "accuracy": float(np.mean(said[made.labels == label] == label)),
                }
                for label in np.unique(made.labels)
            },
            "calibration": calibration(likely.max(axis=1), said == made.labels),
        }


def calibration(sure: NDArray[np.float64], right: NDArray[np.bool_]) -> list[dict[str, float]]:
    """How often answers are right that are about as sure, in bins that SURE separates.

    Args:
        sure: the probability (n,) that the network gives its answers, 0..1.
        right: whether they are (n,).

    Returns:
        for each bin that is not empty its images, their mean probability and their accuracy.
    """
    bins = np.searchsorted(SURE, sure, side="right")
    return [
        {
            "images": int(np.sum(bins == each)),
            "probability": float(sure[bins == each].mean()),
            "accuracy": float(right[bins == each].mean()),
        }
        for each in np.unique(bins)
    ]
