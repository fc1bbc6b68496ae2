"""Rank test, shift, interval, correction: by hand, by brute force, against SciPy, by simulation."""

from __future__ import annotations

import re
from itertools import combinations
from math import comb, inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ablation.statistics.ranks import (
    EXACT,
    holm,
    mann_whitney,
    shift,
    shift_interval,
    tails,
    welch,
)
from tests.params import ROOT

# Hollander and Wolfe 1973, Nonparametric Statistical Methods, table 4.1: permeability constants of
# the human chorioamnion at term, and at 12 to 26 weeks.
AT_TERM = np.array([0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46])
EARLIER = np.array([1.15, 0.88, 0.90, 0.74, 1.21])

FEW = st.lists(st.integers(0, 4), min_size=1, max_size=5)  # with ties


def by_hand(first: np.ndarray, second: np.ndarray) -> float:
    """The two-sided p by trying every way to choose which values are the first arm's."""
    ranks = stats.rankdata([*first, *second])
    sums = [ranks[list(chosen)].sum() for chosen in combinations(range(len(ranks)), len(first))]
    ours = ranks[: len(first)].sum()
    upper, lower = np.mean(np.array(sums) >= ours), np.mean(np.array(sums) <= ours)
    return min(1.0, float(2 * min(upper, lower)))


# --- the exact test ---------------------------------------------------------------------------


def test_the_published_example() -> None:
    assert tails(AT_TERM, EARLIER)[1] == pytest.approx(
        0.1272, abs=5e-5
    )  # one-sided, as the book and R give it
    assert mann_whitney(AT_TERM, EARLIER) == pytest.approx(0.2544, abs=5e-5)
    assert shift(AT_TERM, EARLIER) == pytest.approx(0.305)
    interval = shift_interval(AT_TERM, EARLIER)
    assert interval == pytest.approx((-0.15, 0.76))  # R: wilcox.test(conf.int = TRUE)


@given(FEW, FEW)
def test_with_ties_it_is_what_every_choice_gives(first: list[int], second: list[int]) -> None:
    one, other = np.array(first, float), np.array(second, float)
    assert mann_whitney(one, other) == pytest.approx(by_hand(one, other))
    assert mann_whitney(other, one) == pytest.approx(by_hand(one, other))
    assert mann_whitney(one * 0.1 + 0.3, other * 0.1 + 0.3) == pytest.approx(by_hand(one, other))


def test_without_ties_it_is_scipy_s_and_with_many_runs_its_normal_one() -> None:
    rng = np.random.default_rng(1)
    for n, m in ((10, 10), (5, 10), (5, 5)):
        first, second = rng.normal(0.5, 1, n), rng.normal(0, 1, m)
        expected = stats.mannwhitneyu(first, second, method="exact").pvalue
        assert mann_whitney(first, second) == pytest.approx(expected)
    first, second = rng.normal(0.5, 1, EXACT), rng.normal(0, 1, EXACT)
    many = mann_whitney(np.append(first, 0.1), second)
    assert many == pytest.approx(mann_whitney(first, second), rel=0.3)


def test_arms_apart_have_the_smallest_p_there_is() -> None:
    for n, m in ((10, 10), (5, 10), (5, 5), (1, 1)):
        apart = mann_whitney(np.arange(n) + 100.0, np.arange(m) * 1.0)
        assert apart == pytest.approx(min(1.0, 2 / comb(n + m, n)))
    # A run that never reaches a level is the worst, and two of them are alike.
    never = np.array([1.0, 2.0, inf, inf])
    assert mann_whitney(never, np.array([inf, 3.0])) == by_hand(never, np.array([inf, 3.0]))


# --- the shift and its interval ---------------------------------------------------------------


def test_the_shift_is_the_median_of_all_differences_and_a_stuck_run_moves_it_little() -> None:
    first, second = np.array([1.0, 2.0, 9.0]), np.array([0.0, 0.5])
    assert shift(first, second) == 1.75  # of 0.5, 1, 1.5, 2, 8.5, 9
    assert shift(second, first) == -1.75
    arm = np.linspace(0.90, 0.92, 10)
    one_stuck = np.append(arm[:9], 0.27)
    assert abs(shift(one_stuck, arm)) < 0.005 < 0.06 < abs(one_stuck.mean() - arm.mean())


def test_runs_that_never_reach_a_level_have_no_end() -> None:
    second = np.arange(10.0)
    for never in (2, 4):
        first = np.append(np.arange(10.0 - never) + 2.5, np.full(never, inf))
        low, high = shift_interval(first, second)
        assert low < shift(first, second) < 6 < high
        assert (high == inf) == (never == 4)
    assert shift(np.full(3, inf), np.full(3, inf)) == 0
    assert shift(np.full(3, inf), second) == inf
    assert shift_interval(np.full(10, inf), second) == (inf, inf)
    assert shift_interval(np.array([1.0]), np.array([0.0])) == (-inf, inf)


@given(
    st.lists(st.integers(0, 30), min_size=4, max_size=7),
    st.lists(st.integers(0, 30), min_size=4, max_size=7),
    st.sampled_from([0.90, 0.95]),
)
def test_the_interval_holds_the_shifts_that_the_test_does_not_reject(
    first: list[int], second: list[int], confidence: float
) -> None:
    one, other = np.array(first, float), np.array(second, float)
    low, high = shift_interval(one, other, confidence)
    assert shift_interval(other, one, confidence) == (-high, -low)
    assert low <= shift(one, other) <= high
    for candidate in np.arange(-31, 31.5, 0.5):
        kept = mann_whitney(one - candidate, other) > 1 - confidence
        inside = low <= candidate <= high
        at_an_end = candidate in (low, high)  # where differences tie the test may say either
        assert kept == inside or at_an_end


# --- Welch, Holm ------------------------------------------------------------------------------


def test_welch_is_scipy_s_and_says_nothing_where_it_cannot() -> None:
    found = welch(AT_TERM, EARLIER)
    theirs = stats.ttest_ind(AT_TERM, EARLIER, equal_var=False)
    assert found.p == theirs.pvalue
    assert (found.low, found.high) == tuple(theirs.confidence_interval(0.95))
    for first, second in (([1.0], [2.0, 3.0]), ([1.0, inf], [2.0, 3.0]), ([1.0, 1.0], [1.0, 1.0])):
        assert np.isnan(welch(np.array(first), np.array(second))).all()


def test_holm_by_hand_and_no_p_above_one() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([0.04]) == [0.04]
    assert holm([]) == []


# --- by simulation: level, coverage, power ----------------------------------------------------


def studies(kind: str, draws: int = 400, effect: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """(draws, 10) accuracies of two arms, on 10,000 images; `stuck`: one run in ten is."""
    rng = np.random.default_rng(11)
    found = []
    for more in (effect, 0.0):
        values = 0.92 + more + rng.normal(0, 0.004, (draws, 10))
        step = {"ties": 0.002}.get(kind, 0.0001)
        values = np.round(values / step) * step
        if kind == "stuck":
            values[rng.random((draws, 10)) < 0.1] = 0.273
        found.append(values)
    return found[0], found[1]


@pytest.mark.parametrize("kind", ["plain", "ties", "stuck"])
def test_of_arms_that_are_alike_one_in_twenty_is_called_different_at_most(kind: str) -> None:
    pairs = list(zip(*studies(kind), strict=True))
    assert np.mean([mann_whitney(first, second) < 0.05 for first, second in pairs]) < 0.075
    covered = [low <= 0 <= high for low, high in (shift_interval(*pair) for pair in pairs)]
    assert np.mean(covered) > 0.925


@pytest.mark.parametrize(("kind", "least"), [("plain", 0.9), ("ties", 0.85), ("stuck", 0.6)])
def test_a_difference_is_found_though_a_run_in_ten_is_stuck(kind: str, least: float) -> None:
    pairs = list(zip(*studies(kind, effect=0.007), strict=True))
    power = np.mean([mann_whitney(first, second) < 0.05 for first, second in pairs])
    assert power > least
    if kind == "stuck":
        assert np.mean([welch(*pair).p < 0.05 for pair in pairs]) < 0.4 < power
        covered = [low <= 0.007 <= high for low, high in (shift_interval(*pair) for pair in pairs)]
        assert np.mean(covered) > 0.9


def detectable() -> list[tuple[int, int, int, float]]:
    """n, m, tests, and the deviations of them, as docs/statistics.md's table has them."""
    text = (ROOT / "docs/statistics.md").read_text(encoding="utf-8")
    found = []
    for n, m, cells in re.findall(r"^\| (\d+) against (\d+) \|(.*)\|$", text, re.MULTILINE):
        told = [cell.strip() for cell in cells.split("|")]
        found += [(int(n), int(m), k, float(cell)) for k, cell in enumerate(told, 1) if cell]
    return found


@pytest.mark.parametrize(("n", "m", "tests", "deviations"), detectable())
def test_what_so_many_runs_can_detect(n: int, m: int, tests: int, deviations: float) -> None:
    """What the document says is found four times in five, at Holm's first step."""
    if n > m:
        n, m = m, n
    rng = np.random.default_rng(3)
    draws = rng.normal(0, 1, (4000, n + m))
    draws[:, :n] += deviations
    below = (draws[:, :n, None] < draws[:, None, n:]).sum(axis=(1, 2))
    critical = max(  # how many pairs may lie the wrong way round
        count
        for count in range(n * m // 2)
        if mann_whitney(wrong_way_round(n, m, count), np.arange(float(m))) * tests < 0.05
    )
    assert np.mean(below <= critical) == pytest.approx(0.8, abs=0.02)


def wrong_way_round(n: int, m: int, count: int) -> np.ndarray:
    """(n,) values of which `count` pairs with 0, 1, ... m - 1 lie the wrong way round."""
    full, rest = divmod(count, m)
    values = float(m) + np.arange(n)
    values[:full] = -1.0 - np.arange(full)
    if rest:
        values[full] = m - 0.5 - rest
    return values
