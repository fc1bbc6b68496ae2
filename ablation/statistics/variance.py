"""Images as a second source of variance: how well trained networks were measured, seed by seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ablation.evaluation.metrics import wilson
from ablation.statistics.paired import Interval


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
