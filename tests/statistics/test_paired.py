"""Paired statistics against answers worked out by hand, against SciPy and by simulation."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ablation.statistics.paired import (
    EXACT,
    Interval,
    improvement,
    improvement_interval,
    mean_interval,
    sign_flip_p,
    smallest_p,
)
from ablation.statistics.significance import verdict
from tests.statistics.test_verdict import step_down

SIGNS = np.array(list(product([1.0, -1.0], repeat=10)))  # (1024, 10): every way to sign ten


def flip_p(values: list[float]) -> float:
    return sign_flip_p(np.array(values, dtype=float))


# --- the exact test ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("differences", "p"),
    [
        # Of the 32 ways to sign 1 to 5 the sum reaches 15 with all signs alike alone.
        ([1, 2, 3, 4, 5], 2 / 32),
        ([-1, -2, -3, -4, -5], 2 / 32),
        # A sum of 15 - 2s with s the sum of the negative ones: at least 5 from 0 where s <= 5, of
        # which there are {}, 1, 2, 3, 1+2, 4, 1+3, 5, 1+4, 2+3, or where s >= 10, as many again.
        ([1, 2, 3, 4, -5], 20 / 32),
        # 15 - 2s at least 13 from 0: s is 0 or 1, or 14 or 15.
        ([-1, 2, 3, 4, 5], 4 / 32),
        # A sum of 0 is reached or passed always.
        ([1, -1, 2, -2, 0], 1.0),
        ([0, 0, 0, 0, 0], 1.0),
        ([0.02], 1.0),
    ],
)
def test_sign_flips_enumerated_by_hand(differences: list[float], p: float) -> None:
    assert flip_p(differences) == pytest.approx(p)


def test_no_p_is_below_two_in_two_to_the_n() -> None:
    for n in (*range(1, 12), 20, EXACT):
        smallest = min(1, 2 / 2**n)
        assert flip_p([1.0 + k / 7 for k in range(n)]) == pytest.approx(smallest)
        assert smallest_p(n) == smallest


def enumerated(differences: np.ndarray) -> np.ndarray:
    """The p of each of (k, 10) rows, by trying every sign."""
    means = np.abs(differences @ SIGNS.T)
    return (means >= np.abs(differences.sum(axis=1))[:, None] - 1e-12).mean(axis=1)


def test_the_p_is_that_of_trying_every_sign() -> None:
    differences = np.random.default_rng(1).normal(0.3, 1, (25, 10))
    ours = [flip_p(list(row)) for row in differences]
    assert ours == pytest.approx(list(enumerated(differences)))


@given(st.lists(st.integers(-40, 40), min_size=2, max_size=8), st.sampled_from([1e-3, 1.0, 7.0]))
def test_the_p_is_a_share_that_neither_sign_nor_unit_changes(
    values: list[int], unit: float
) -> None:
    p = flip_p([value * unit for value in values])
    assert 2 / 2 ** len(values) - 1e-12 <= p <= 1
    assert flip_p([-value * unit for value in values]) == pytest.approx(p)
    assert flip_p([float(value) for value in values]) == pytest.approx(p)


@pytest.mark.parametrize("seeds", [7, 13, 16])
def test_the_p_is_scipy_s_exact_one(seeds: int) -> None:
    differences = np.random.default_rng(seeds).normal(0.4, 1, seeds)
    theirs = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=2**seeds, vectorized=False
    )
    assert flip_p(list(differences)) == pytest.approx(theirs.pvalue)


def test_equal_sums_count_as_equal_though_rounding_parts_them() -> None:
    # 0.1 + 0.2 - 0.3 is not 0 in binary: by hand, of 8 ways {++-}, {--+} reach 0 and all do.
    assert flip_p([0.1, 0.2, -0.3]) == 1.0
    assert flip_p([0.1, 0.2, 0.3, 0.4, -0.5]) == flip_p([1, 2, 3, 4, -5])


@pytest.mark.parametrize("seeds", [20, 30, EXACT, EXACT + 5])
def test_with_many_pairs_the_p_comes_close_to_student_s(seeds: int) -> None:
    differences = np.random.default_rng(3).normal(0.25, 1, seeds)
    t = stats.ttest_1samp(differences, 0).pvalue
    assert flip_p(list(differences)) == pytest.approx(t, rel=0.1)


def test_beyond_the_exact_range_a_p_may_still_be_tiny() -> None:
    # Hoeffding's bound of 50 equal differences; random signs alone would end at 2e-6.
    assert flip_p([0.3] * 50) == pytest.approx(2 * np.exp(-25))
    assert smallest_p(50) == pytest.approx(2 * np.exp(-25))


# --- the interval -----------------------------------------------------------------------------


def test_the_interval_is_the_paired_t_of_scipy() -> None:
    rng = np.random.default_rng(4)
    arm, baseline = rng.normal(0.8, 0.02, 10), rng.normal(0.79, 0.02, 10)
    for confidence in (0.9, 0.95):
        ours = mean_interval(arm - baseline, confidence)
        theirs = stats.ttest_rel(arm, baseline).confidence_interval(confidence)
        assert ours is not None
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high))


def test_the_interval_by_hand() -> None:
    ours = mean_interval(np.array([0.01, 0.02, 0.03]), 0.95)
    half = 4.302653 * 0.01 / np.sqrt(3)  # t of two degrees of freedom; the sd is 0.01
    assert ours is not None
    assert (ours.low, ours.high) == pytest.approx((0.02 - half, 0.02 + half), abs=1e-8)


def test_one_pair_has_no_interval_and_equal_ones_a_point() -> None:
    assert mean_interval(np.array([0.1]), 0.95) is None
    assert mean_interval(np.array([0.25, 0.25]), 0.95) == Interval(0.25, 0.25)


def draws(kind: str, experiments: int) -> np.ndarray:
    """(experiments, 10) differences with a mean of 0."""
    rng = np.random.default_rng(5)
    shape = (experiments, 10)
    if kind == "normal":
        return rng.normal(0, 0.01, shape)
    if kind == "uniform":
        return rng.uniform(-0.02, 0.02, shape)
    # What test accuracies of two networks on 4,000 images do, each around its own mean.
    return (rng.binomial(4000, 0.87, shape) - rng.binomial(4000, 0.87, shape)) / 4000


@pytest.mark.parametrize("kind", ["normal", "uniform", "accuracies"])
def test_ten_seeds_intervals_cover_the_truth_as_often_as_they_say(kind: str) -> None:
    differences = draws(kind, 4000)
    intervals = [mean_interval(row, 0.95) for row in differences]
    covered = np.mean([not i.excludes(0.0) for i in intervals if i is not None])
    assert 0.93 < covered < 0.97


def test_a_percentile_bootstrap_of_ten_covers_the_truth_less_often() -> None:
    """Why the interval of a difference is no bootstrap."""
    rng = np.random.default_rng(6)
    covered = []
    for row in draws("normal", 1500):
        means = row[rng.integers(0, 10, (1000, 10))].mean(axis=1)
        low, high = np.quantile(means, [0.025, 0.975])
        covered.append(low <= 0 <= high)
    assert np.mean(covered) < 0.93


# --- probability of improvement ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("differences", "share"),
    [([0.1], 1.0), ([-0.1], 0.0), ([0.0], 0.5), ([0.3, -0.1, 0.0, 0.2], 0.625)],
)
def test_the_share_of_seeds_that_improve_counts_ties_a_half(
    differences: list[float], share: float
) -> None:
    assert improvement(np.array(differences)) == share


@pytest.mark.parametrize(
    ("wins", "seeds", "low", "high"),
    [
        # The binomial tables of Clopper and Pearson: 0.025 ** (1 / 10), and so on.
        (10, 10, 0.6915, 1.0),
        (0, 10, 0.0, 0.3085),
        (9, 10, 0.5550, 0.9975),
        (5, 10, 0.1871, 0.8129),
        (1, 1, 0.025, 1.0),
    ],
)
def test_its_interval_is_the_exact_binomial_one(
    wins: int, seeds: int, low: float, high: float
) -> None:
    found = improvement_interval(np.array([1.0] * wins + [-1.0] * (seeds - wins)), 0.95)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)
    theirs = stats.binomtest(wins, seeds).proportion_ci(0.95, "exact")
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high))


def test_ties_are_half_a_win_in_its_interval_too() -> None:
    tied = improvement_interval(np.array([0.0, 0.0, 1.0, 1.0]), 0.95)
    won = improvement_interval(np.array([-1.0, 1.0, 1.0, 1.0]), 0.95)
    assert (tied.low, tied.high) == pytest.approx((won.low, won.high))


# --- the whole rule ---------------------------------------------------------------------------


def test_ten_arms_that_are_all_alike_are_told_apart_in_less_than_one_study_of_twenty() -> None:
    """Ten arms against one baseline, which they share, ten seeds, no difference at all."""
    rng = np.random.default_rng(9)
    studies, false = 3000, 0
    for _ in range(studies):
        results = rng.normal(0, 0.01, (11, 10))
        differences = results[1:] - results[0]
        adjusted = step_down(list(enumerated(differences)))  # Holm's, see there
        for row, p in zip(differences, adjusted, strict=True):
            if p >= 0.05:
                continue
            interval = mean_interval(row, 0.95)
            assert interval is not None
            said = verdict(10, 10, p, interval.excludes(0.0), row.mean() > 0, False)
            if said in ("better", "worse"):
                false += 1
                break
    assert false / studies < 0.05


def test_an_effect_of_two_standard_deviations_is_mostly_found() -> None:
    """And the rule is not idle."""
    rng = np.random.default_rng(10)
    differences = rng.normal(0.02, 0.01, (400, 10))
    found = enumerated(differences) * 10 < 0.05  # Holm's first step over ten arms
    assert found.mean() > 0.9
