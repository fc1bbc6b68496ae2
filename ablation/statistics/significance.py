"""Whether a difference between two arms is significant: exact test, correction, power, verdict.

A seed fixes initial weights, order of batches, dropout and split for both arms, so their results
are paired and everything here works on one difference a seed (Bouthillier et al. 2021, Accounting
for Variance in Machine Learning Benchmarks). The rules stand in docs/statistics.md and were fixed
before the runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import floor
from typing import Literal

import numpy as np
from scipy import special, stats

from ablation.statistics.intervals import EQUIVALENCE, Values

Verdict = Literal["better", "worse", "equivalent", "inconclusive", "no verdict"]

SIGNIFICANCE = 0.05  # the risk of a false finding in a family of tests
POWER = 0.80  # with which a difference is found, where the text says "would have been found"
EXACT = 40  # seeds up to which every way to sign the differences is counted

MOST_SEEDS = 1000  # further on nobody looks for the number that a finding takes
_DRAWS = 4000  # simulated studies, for a power that no formula gives
_MOST_SIMULATED = 16  # seeds of which every way to sign is looked at in each
_MOST_MEANS = 2**24  # numbers held at once
_FEW_PATTERNS = 16  # with so few ways to sign that reject, Student's t misses the test's power


def sign_flip_p(differences: Values) -> float:
    """The two-sided p of the sign-flip permutation test of a mean of 0, of (n,) differences.

    Where the arms are alike a difference is as likely to have the other sign: p is the share of
    the 2**n ways to sign the differences whose sum is at least as far from 0. Exact without trying
    every way: each sum is one of the first half's plus one of the second's, and sorting the second
    half counts the partners of the first (Horowitz and Sahni 1974). Of more than 40 it is Student's
    t test, which by then agrees with it.
    """
    if len(differences) > EXACT:
        return float(stats.ttest_1samp(differences, 0.0).pvalue)
    # Sums that are equal but for rounding are as far from 0 as ours.
    bound = abs(float(np.sum(differences))) - 1e-12 * float(np.sum(np.abs(differences)))
    half = len(differences) // 2
    first, second = _signed_sums(differences[:half]), np.sort(_signed_sums(differences[half:]))
    above = len(second) - np.searchsorted(second, bound - first)
    # Signs all turned round give the sum turned round: the other side has as many.
    return min(1.0, float(2 * above.sum() / 2.0 ** len(differences)))


def _signed_sums(values: Values) -> Values:
    """The (2**n,) sums of (n,) values over every way to sign them."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    return sums


def smallest_p(seeds: int) -> float:
    """The smallest p that the sign-flip test of so many seeds can give."""
    return 2.0 ** (1 - seeds)


def holm(p_values: Sequence[float], tests: int) -> list[float]:
    """Holm's adjusted p of each of (k,) p values of a family of `tests` >= k, in their order.

    To call what is below 0.05 significant then makes one false finding or more in the whole family
    with a probability of at most 5%, whatever the tests have in common (Holm 1979). Tests of the
    family that have too few seeds for a p count as if theirs were 1.
    """
    order = np.argsort(p_values)
    stepped = (tests - np.arange(len(order))) * np.array(p_values)[order]
    adjusted = np.empty(len(order))
    adjusted[order] = np.maximum.accumulate(np.minimum(stepped, 1.0))
    return [float(p) for p in adjusted]


def decidable(seeds: int, tests: int) -> bool:
    """Whether so many seeds can decide a test of a family of `tests` at all.

    Holm's first step multiplies the smallest p by the number of tests.
    """
    return tests * smallest_p(seeds) <= SIGNIFICANCE


def seeds_needed(tests: int) -> int:
    """The fewest seeds with which one of a family of `tests` can be significant; 6 for one test."""
    return next(n for n in range(1, MOST_SEEDS) if decidable(n, tests))


# Verdicts that rest on Student's t (equivalence, levels) have no such arithmetic. They assume a
# normal distribution, and are given where a test that assumes none could say so too.
T_SEEDS = seeds_needed(1)  # 6


def verdict(
    seeds: int,
    tests: int,
    p_adjusted: float | None,
    excludes_zero: bool,
    positive: bool,
    within_margin: bool,
) -> Verdict:
    """What may be said of an arm against another.

    Args:
        seeds: how many both ran.
        tests: how many there are in the family.
        p_adjusted: Holm's, of the sign-flip test; None where none was made.
        excludes_zero: whether the 95% interval of the difference does.
        positive: whether the mean difference is to the arm's advantage.
        within_margin: whether the 90% interval lies inside the margin of equivalence; always
            False for what has no margin.
    """
    if p_adjusted is not None and p_adjusted < SIGNIFICANCE and excludes_zero:
        return "better" if positive else "worse"
    if seeds >= T_SEEDS and within_margin:
        return "equivalent"
    return "inconclusive" if decidable(seeds, tests) else "no verdict"


@lru_cache
def detectable(seeds: int, tests: int) -> float | None:
    """The smallest difference that is found four times in five, in sds of the paired differences.

    At Holm's first step in a family of `tests`, for normally distributed differences; None where no
    verdict is possible. Where few ways to sign may reject, Student's t would promise too much:
    there it is the quantile of simulated studies, from a generator of its own.
    """
    if not decidable(seeds, tests):
        return None
    patterns = floor(SIGNIFICANCE / tests / smallest_p(seeds) * (1 + 1e-12))
    if patterns > _FEW_PATTERNS:
        critical = special.stdtrit(seeds - 1, 1 - patterns * smallest_p(seeds) / 2)
        return float(special.nctdtrinc(seeds - 1, 1 - POWER, critical) / np.sqrt(seeds))
    if patterns == 1 or seeds > _MOST_SIMULATED:  # all signs alike: that, or at most that
        return float(special.ndtri(POWER ** (1 / seeds)))
    # To flip the signs of some differences reaches our sum where theirs is not above 0. With an
    # effect added to noise that is while the effect is at most minus their mean: so many such
    # means may be above it as there are ways to sign beside our own.
    flipped = (np.arange(1, 2**seeds)[:, None] >> np.arange(seeds)) & 1
    draws = min(_DRAWS, _MOST_MEANS // 2**seeds)
    noise = np.random.default_rng([seeds, tests]).normal(size=(draws, seeds))
    means = -(noise @ flipped.T) / flipped.sum(axis=1)
    return float(np.quantile(np.partition(means, -patterns, axis=1)[:, -patterns], POWER))


def seeds_to_find(difference: float, sd: float, tests: int) -> int | None:
    """How many seeds find such a difference and spread with 80% power; None beyond 1,000."""
    low, high = seeds_needed(tests) - 1, MOST_SEEDS
    if (detectable(high, tests) or np.inf) * sd > abs(difference):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        found = (detectable(middle, tests) or np.inf) * sd <= abs(difference)
        low, high = (low, middle) if found else (middle, high)
    return high


def seeds_to_equal(sd: float, margin: float) -> int | None:
    """How many seeds find arms equivalent that are alike, with 80% power; None beyond 1,000.

    Both one-sided tests at 5% must succeed, each may miss a tenth of the time (Schuirmann 1987).
    """
    seeds = np.arange(T_SEEDS, MOST_SEEDS + 1)
    quantiles = special.stdtrit(seeds - 1, (1 + EQUIVALENCE) / 2)
    quantiles += special.stdtrit(seeds - 1, (1 + POWER) / 2)
    enough = margin * np.sqrt(seeds) >= sd * quantiles
    return int(seeds[np.argmax(enough)]) if enough.any() else None
