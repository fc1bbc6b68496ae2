"""Intervals over seeds, over the images of a measurement, or over both."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ablation.evaluation.metrics import wilson

Values = NDArray[np.float64]

CONFIDENCE = 0.95  # of printed intervals
EQUALITY = 0.90  # of the interval that must lie inside the margin: two one-sided tests at 5%


class Interval(NamedTuple):
    """A closed interval, in the unit of what it is an interval of."""

    low: float
    high: float

    def inside(self, margin: float) -> bool:
        """Whether it lies strictly between -margin and margin."""
        return -margin < self.low and self.high < margin


def mean_interval(values: Values, confidence: float = CONFIDENCE) -> Interval | None:
    """Student's t interval of the mean of (n,) values; None for one, whose spread is unknown."""
    if len(values) < 2:
        return None
    mean, error = float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))
    half = error * float(special.stdtrit(len(values) - 1, (1 + confidence) / 2))
    return Interval(mean - half, mean + half)


def level_interval(accuracies: Values, images: int | None) -> Interval | None:
    """The 95% interval of a mean accuracy over (n,) seeds that all share one set of `images`.

    The seeds' share is Student's t. Images that no seed changes add theirs, which no number of
    seeds makes smaller: Wilson's interval of so many images at that accuracy. Both lengths are
    joined as the legs of a right angle (Zou and Donner 2008, MOVER). With None for `images` the
    seeds' alone, with one seed the images' alone; None where neither is there.
    """
    mean = float(np.mean(accuracies))
    seeds = mean_interval(accuracies)
    if images is None:
        return seeds
    over_images = Interval(*wilson(round(mean * images), images, CONFIDENCE))
    if seeds is None:
        return over_images
    return Interval(
        mean - float(np.hypot(mean - seeds.low, mean - over_images.low)),
        mean + float(np.hypot(seeds.high - mean, over_images.high - mean)),
    )


def label_deviations(counts: NDArray[np.int64], expected: Values) -> list[tuple[float, Interval]]:
    """How far the share of each of (k,) counted labels is from what is expected of it.

    (difference, its interval) a label, in shares. The k Wilson intervals hold together at 95%:
    each has the k-th part of the risk (Bonferroni).
    """
    total = int(counts.sum())
    deviations = []
    for count, share in zip(counts, expected, strict=True):
        low, high = wilson(int(count), total, 1 - (1 - CONFIDENCE) / len(counts))
        deviations.append((float(count / total - share), Interval(low - share, high - share)))
    return deviations


def maximum_of(digits: int, classes: Values) -> Values:
    """The (k,) probabilities of the largest of `digits` independent draws from (k,) shares."""
    return np.diff(np.cumsum(classes) ** digits, prepend=0.0)
