"""Two arms compared by the ranks of their runs: exact test, shift, its interval, and Welch's t.

Runs of two arms with one seed are nearly uncorrelated, so arms are compared unpaired. The rules are
in docs/statistics.md and were fixed before the runs.
"""

from __future__ import annotations

import warnings
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy import stats

from ablation.statistics.intervals import CONFIDENCE, Interval, Values

SIGNIFICANCE = 0.05  # the risk of a false finding in a question
EXACT = 40  # runs of an arm up to which every way to mix the two arms' runs is counted
DIGITS = 9  # decimals; what differs by less differs by rounding


def tails(first: Values, second: Values) -> tuple[float, float]:
    """How likely a rank sum of `first` as low as ours is, and one as high, if the arms are alike.

    Every way to choose (n,) of the (n + m,) values is equally likely then. Runs that tie share the
    mean of their ranks, and the distribution is that of these very ranks (Mann and Whitney 1947).
    """
    n, m = len(first), len(second)
    if max(n, m) > EXACT:
        low, high = (
            stats.mannwhitneyu(first, second, alternative=side, method="asymptotic").pvalue
            for side in ("less", "greater")
        )
        return float(low), float(high)
    doubled = np.rint(2 * stats.rankdata(np.concatenate([first, second]))).astype(int)
    probabilities = _rank_sums(tuple(sorted(doubled.tolist())), n)
    reached = doubled[:n].sum()
    return float(probabilities[: reached + 1].sum()), float(probabilities[reached:].sum())


@lru_cache(maxsize=1024)
def _rank_sums(doubled: tuple[int, ...], n: int) -> Values:
    """The probability of each sum of n of these numbers, chosen at random."""
    ways = np.zeros((n + 1, sum(doubled) + 1))
    ways[0, 0] = 1
    for rank in doubled:
        ways[1:, rank:] += ways[:-1, : ways.shape[1] - rank].copy()
    return ways[n] / ways[n].sum()


def mann_whitney(first: Values, second: Values) -> float:
    """The exact two-sided p: twice the smaller of both tails."""
    return min(1.0, 2 * min(tails(first.round(DIGITS), second.round(DIGITS))))


def shift(first: Values, second: Values) -> float:
    """By how much (n,) values lie above (m,): the median of all differences of a pair of them.

    (Hodges and Lehmann 1963.) A value that is infinite, a run that never reaches a level, lies
    above every other; two such are alike whatever the shift, and their pair says nothing.
    """
    differences = np.sort(_differences(first, second))
    middle = differences[(len(differences) - 1) // 2 : len(differences) // 2 + 1]
    if len(middle) == 0 or (middle[0] == -np.inf and middle[-1] == np.inf):
        return 0.0  # no run reaches the level, or as few of one arm as of the other
    return float(middle.mean())


def shift_interval(first: Values, second: Values, confidence: float = CONFIDENCE) -> Interval:
    """The shifts that the exact test does not reject, from one end to the other.

    An end is infinite where so few runs cannot reject however far they lie apart.
    """
    risk = (1 - confidence) / 2
    return Interval(_lowest(first, second, risk), -_lowest(second, first, risk))


def _lowest(first: Values, second: Values, risk: float) -> float:
    """The smallest shift at which `first` is not too high for `second`.

    With the shift taken off, each way to choose ranks loses no more than ours: so the upper tail
    only grows with the shift. It changes at the differences, and is asked between them.
    """
    differences = _differences(first, second)
    steps = np.unique(differences[np.isfinite(differences)].round(DIGITS))
    ends = [steps[0] - 1, *(steps[1:] + steps[:-1]) / 2, steps[-1] + 1] if len(steps) else [0.0]

    def kept(gap: int) -> bool:
        return tails(first - ends[gap], second)[1] > risk

    gap = bisect_left(range(len(ends)), True, key=kept)
    if gap == len(ends):
        return np.inf
    return -np.inf if gap == 0 else float(steps[gap - 1])


def _differences(first: Values, second: Values) -> Values:
    with np.errstate(invalid="ignore"):
        differences = np.subtract.outer(first, second).ravel()
    return differences[~np.isnan(differences)]


class Welch(NamedTuple):
    """Welch's t test, the sensitivity analysis: two-sided p and the difference of the means."""

    p: float
    low: float
    high: float


def welch(first: Values, second: Values) -> Welch:
    """All NaN where an arm has one run, or a run has no finite number, or none differs."""
    if not np.isfinite([*first, *second]).all() or min(len(first), len(second)) < 2:
        return Welch(np.nan, np.nan, np.nan)
    if np.ptp(first) == np.ptp(second) == 0:
        return Welch(np.nan, np.nan, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # one arm's runs may be all alike
        found = stats.ttest_ind(first, second, equal_var=False)
    interval = found.confidence_interval(CONFIDENCE)
    return Welch(float(found.pvalue), float(interval.low), float(interval.high))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p of each of (k,) p values of one question, in their order.

    To call what is below 0.05 significant then makes one false finding or more in the question with
    a probability of at most 5%, whatever the tests have in common (Holm 1979).
    """
    order = np.argsort(p_values)
    stepped = (len(order) - np.arange(len(order))) * np.array(p_values)[order]
    adjusted = np.empty(len(order))
    adjusted[order] = np.maximum.accumulate(np.minimum(stepped, 1.0))
    return [float(p) for p in adjusted]
