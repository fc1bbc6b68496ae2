"""Images as a second source of variance, beside the seeds: how well networks were measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ablation.evaluation.metrics import wilson
from ablation.statistics.paired import Interval, mean_interval


@dataclass(frozen=True)
class Discordant:
    """Two networks on the same images: which only one of them gets right, and McNemar's p.

    Attributes:
        images: how many both judged.
        only_first, only_second: how many the first, or the second, alone gets right.
        p: exact and two-sided, of both being equally often right on such images.
    """

    images: int
    only_first: int
    only_second: int
    p: float


def mcnemar(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> Discordant:
    """McNemar's exact test over images, of (n,) booleans that say where each network is right.

    Images that both get right or both wrong tell nothing of the difference. Of the others each
    network should have about half: a binomial test.
    """
    only_first = int(np.sum(first & ~second))
    only_second = int(np.sum(second & ~first))
    differing = only_first + only_second
    p = 1.0 if differing == 0 else float(stats.binomtest(only_first, differing).pvalue)
    return Discordant(len(first), only_first, only_second, p)


def spread_of_images(
    first: Sequence[NDArray[np.bool_]], second: Sequence[NDArray[np.bool_]]
) -> float | None:
    """The standard deviation of a difference over seeds that the images alone would give.

    Of two arms' (images,) booleans, one pair a seed: where each seed's luck on one image has
    nothing to do with its luck on another, the variances of the images add up. A spread over seeds
    of this size means that no seed made a better network than another (Jordan 2023, Calibrated
    Chaos). None for a single seed.
    """
    if len(first) < 2:
        return None
    differences = np.stack(
        [one.astype(np.int8) - other for one, other in zip(first, second, strict=True)]
    )
    images = differences.shape[1]
    return float(np.sqrt(np.var(differences, axis=0, ddof=1).sum()) / images)


def level_interval(
    accuracies: NDArray[np.float64], images: int | None, confidence: float
) -> Interval | None:
    """The interval of a mean accuracy over (n,) seeds that all share one set of `images`.

    The seeds' share is Student's t. Images that no seed changes add theirs, which no number of
    seeds makes smaller: Wilson's interval of so many images at that accuracy. Both lengths are
    joined as the legs of a right angle (Zou and Donner 2008, MOVER). With None for `images` the
    seeds' alone, with one seed the images' alone; None where neither is there.
    """
    mean = float(np.mean(accuracies))
    seeds = mean_interval(accuracies, confidence)
    if images is None:
        return seeds
    over_images = Interval(*wilson(round(mean * images), images, confidence))
    if seeds is None:
        return over_images
    return Interval(
        mean - float(np.hypot(mean - seeds.low, mean - over_images.low)),
        mean + float(np.hypot(seeds.high - mean, over_images.high - mean)),
    )


def skew(
    counts: NDArray[np.int64], expected: NDArray[np.float64], confidence: float
) -> list[tuple[float, Interval]]:
    """How far the share of each of (k,) counted labels is from what is expected of it.

    (difference, its interval) a label, in shares. The k Wilson intervals hold together with
    `confidence`: each has the k-th part of the risk (Bonferroni).
    """
    total = int(counts.sum())
    each = 1 - (1 - confidence) / len(counts)
    deviations = []
    for count, share in zip(counts, expected, strict=True):
        low, high = wilson(int(count), total, each)
        deviations.append((float(count / total - share), Interval(low - share, high - share)))
    return deviations


def maximum_of(digits: int, classes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The (k,) probabilities of the largest of `digits` independent draws from (k,) shares."""
    return np.diff(np.cumsum(classes) ** digits, prepend=0.0)
