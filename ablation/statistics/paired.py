"""Two arms over the seeds that both ran: estimate, exact test, probability of improvement.

A seed fixes initial weights, order of batches, dropout and split for both arms, so their results
are paired and everything here works on one difference a seed (Bouthillier et al. 2021, Accounting
for Variance in Machine Learning Benchmarks).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Differences = NDArray[np.float64]

MOST_SIGNS = 2**16  # up to 16 pairs the test is exact; beyond it draws as many random signs


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

    @property
    def negated(self) -> Interval:
        """The interval of the difference the other way round."""
        return Interval(-self.high, -self.low)


def mean_interval(values: Differences, confidence: float) -> Interval | None:
    """Student's t interval of the mean of (n,) values; of differences it is the paired t interval.

    None for a single value, whose spread is unknown. In simulation at n = 10 it covers the mean
    as often as it says, and a bootstrap interval less often (tests/test_statistics_paired.py).
    """
    if len(values) < 2:
        return None
    mean, error = float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))
    half = error * float(special.stdtrit(len(values) - 1, (1 + confidence) / 2))
    return Interval(mean - half, mean + half)


def sign_flip_p(differences: Differences, rng: np.random.Generator) -> float:
    """The two-sided p of the sign-flip permutation test of a mean of 0, of (n,) differences.

    Where the arms are alike a difference is as likely to have the other sign: p is the share of
    the 2**n ways to sign the differences whose mean is at least as far from 0. It cannot be below
    2 / 2**n. Exact up to 16 pairs; `rng` serves longer lists alone.
    """
    if len(differences) == 1 or not np.any(differences):
        return 1.0  # which SciPy refuses, or leaves to rounding
    result = stats.permutation_test(
        (differences,),
        lambda sample, axis: np.mean(sample, axis=axis),
        permutation_type="samples",  # of one sample: its signs
        vectorized=True,
        n_resamples=MOST_SIGNS,
        rng=rng,
    )
    return float(result.pvalue)


def improvement(differences: Differences) -> float:
    """The share of (n,) differences above 0, those of exactly 0 a half: 0..1.

    An estimate of the probability that the arm comes out ahead with another seed (Agarwal et al.
    2021, Deep Reinforcement Learning at the Edge of the Statistical Precipice).
    """
    return float(np.mean(_wins(differences)))


def improvement_interval(
    differences: Differences, confidence: float, resamples: int, rng: np.random.Generator
) -> Interval | None:
    """The percentile bootstrap interval of `improvement`, resampling pairs; None for one pair."""
    if len(differences) < 2:
        return None
    wins = _wins(differences)
    drawn = rng.integers(0, len(wins), (resamples, len(wins)))
    tail = (1 - confidence) / 2
    low, high = np.quantile(wins[drawn].mean(axis=1), [tail, 1 - tail])
    return Interval(float(low), float(high))


def _wins(differences: Differences) -> NDArray[np.float64]:
    return (np.sign(differences) + 1) / 2
