"""How sure a number is: over the seeds, over the images that it was measured on, or over both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ablation.evaluation.metrics import wilson

Values = NDArray[np.float64]

CONFIDENCE = 0.95  # of printed intervals
EQUIVALENCE = 0.90  # of the interval that must lie inside the margin: two one-sided tests at 5%


class Interval(NamedTuple):
    """A closed interval, in the unit of what it is an interval of."""

    low: float
    high: float

    def inside(self, margin: float) -> bool:
        """Whether it lies strictly between -margin and margin."""
        return -margin < self.low and self.high < margin

    def excludes(self, value: float) -> bool:
        return not self.low <= value <= self.high


def mean_interval(values: Values, confidence: float = CONFIDENCE) -> Interval | None:
    """Student's t interval of the mean of (n,) values; of differences it is the paired t interval.

    None for a single value, whose spread is unknown. In simulation at n = 10 it covers the mean
    as often as it says, and a bootstrap interval less often (tests/statistics/test_intervals.py).
    """
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


def improvement(differences: Values) -> tuple[float, Interval]:
    """The share of (n,) differences above 0, those of exactly 0 a half, and its exact interval.

    An estimate of the probability that the arm comes out ahead with another seed (Agarwal et al.
    2021, Deep Reinforcement Learning at the Edge of the Statistical Precipice). The interval is
    Clopper and Pearson's: ten of ten leave 0.69 to 1, where resampling would give [1, 1].
    """
    seeds, tail = len(differences), (1 - CONFIDENCE) / 2
    share = float(np.mean((np.sign(differences) + 1) / 2))
    wins = share * seeds
    low = special.betaincinv(wins, seeds - wins + 1, tail) if wins > 0 else 0.0
    high = special.betaincinv(wins + 1, seeds - wins, 1 - tail) if wins < seeds else 1.0
    return share, Interval(float(low), float(high))


def spread_of_images(
    first: Sequence[NDArray[np.bool_]], second: Sequence[NDArray[np.bool_]]
) -> float | None:
    """The standard deviation of a difference over seeds that the images alone would give.

    Of two arms' (images,) booleans, one pair a seed, which say where a network is right. Where each
    seed's luck on one image has nothing to do with its luck on another, the variances of the images
    add up. A spread over seeds of this size means that no seed made a better network than another
    (Jordan 2023, Calibrated Chaos). None for a single seed.
    """
    if len(first) < 2:
        return None
    differences = np.stack(first).astype(np.int8) - np.stack(second)
    return float(np.sqrt(np.var(differences, axis=0, ddof=1).sum()) / differences.shape[1])


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
