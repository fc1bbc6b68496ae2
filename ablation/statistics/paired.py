"""Two arms over the seeds that both ran: estimate, exact test, probability of improvement.

A seed fixes initial weights, order of batches, dropout and split for both arms, so their results
are paired and everything here works on one difference a seed (Bouthillier et al. 2021, Accounting
for Variance in Machine Learning Benchmarks).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Differences = NDArray[np.float64]

EXACT = 40  # up to so many pairs every way to sign them is counted
RANDOM_SIGNS = 2**20  # beyond, so many random ones stand for all


@dataclass(frozen=True)
class Interval:
    """A closed interval, in the unit of what it is an interval of."""

    low: float
    high: float

    def inside(self, margin: float) -> bool:
        """Whether it lies strictly between -margin and margin."""
        return -margin < self.low and self.high < margin

    def excludes(self, value: float) -> bool:
        return not self.low <= value <= self.high


def mean_interval(values: Differences, confidence: float) -> Interval | None:
    """Student's t interval of the mean of (n,) values; of differences it is the paired t interval.

    None for a single value, whose spread is unknown. In simulation at n = 10 it covers the mean
    as often as it says, and a bootstrap interval less often (tests/statistics/test_paired.py).
    """
    if len(values) < 2:
        return None
    mean, error = float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))
    half = error * float(special.stdtrit(len(values) - 1, (1 + confidence) / 2))
    return Interval(mean - half, mean + half)


def sign_flip_p(differences: Differences) -> float:
    """The two-sided p of the sign-flip permutation test of a mean of 0, of (n,) differences.

    Where the arms are alike a difference is as likely to have the other sign: p is the share of
    the 2**n ways to sign the differences whose sum is at least as far from 0. It cannot be below
    2 / 2**n. Exact up to 40 pairs without trying every way: each sum is one of the first half's
    plus one of the second's, and sorting the second half counts the partners of the first
    (Horowitz and Sahni 1974). Longer lists are signed at random, from a generator of its own, and
    p is at most Hoeffding's bound.
    """
    observed = abs(float(np.sum(differences)))
    # Sums that are equal but for rounding are as far from 0 as ours.
    bound = observed - 1e-12 * float(np.sum(np.abs(differences)))
    if bound <= 0:
        return 1.0
    if len(differences) > EXACT:
        rng = np.random.default_rng(len(differences))
        reached = 0
        for _ in range(RANDOM_SIGNS // 2**14):
            signs = rng.integers(0, 2, (2**14, len(differences)), dtype=np.int8) * 2 - 1
            reached += int(np.sum(np.abs(signs @ differences) >= bound))
        bounded = 2 * np.exp(-(observed**2) / (2 * float(np.sum(differences**2))))
        # Ours and its mirror image are among those signs.
        return float(min(bounded, (reached + 2) / (RANDOM_SIGNS + 2)))
    half = len(differences) // 2
    first, second = _signed_sums(differences[:half]), np.sort(_signed_sums(differences[half:]))
    above = len(second) - np.searchsorted(second, bound - first)
    # Signs all turned round give the sum turned round: the other side has as many.
    return float(2 * above.sum() / 2.0 ** len(differences))


def smallest_p(pairs: int) -> float:
    """The smallest p that `sign_flip_p` can give."""
    return min(1.0, 2 / 2.0**pairs) if pairs <= EXACT else 2 * float(np.exp(-pairs / 2))


def _signed_sums(values: Differences) -> Differences:
    """The (2**n,) sums of (n,) values over every way to sign them."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    return sums


def improvement(differences: Differences) -> float:
    """The share of (n,) differences above 0, those of exactly 0 a half: 0..1.

    An estimate of the probability that the arm comes out ahead with another seed (Agarwal et al.
    2021, Deep Reinforcement Learning at the Edge of the Statistical Precipice).
    """
    return float(np.mean((np.sign(differences) + 1) / 2))


def improvement_interval(differences: Differences, confidence: float) -> Interval:
    """The exact binomial interval of `improvement` (Clopper and Pearson 1934).

    Ten of ten leave 0.69 to 1, where resampling ten of ten would give [1, 1].
    """
    seeds = len(differences)
    wins, tail = improvement(differences) * seeds, (1 - confidence) / 2
    low = special.betaincinv(wins, seeds - wins + 1, tail) if wins > 0 else 0.0
    high = special.betaincinv(wins + 1, seeds - wins, 1 - tail) if wins < seeds else 1.0
    return Interval(float(low), float(high))
