"""Test, correction, seeds, power and verdicts by hand, against libraries and by simulation."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ablation.statistics.intervals import EQUIVALENCE, mean_interval
from ablation.statistics.significance import (
    EXACT,
    T_SEEDS,
    decidable,
    detectable,
    holm,
    seeds_needed,
    seeds_to_equal,
    seeds_to_find,
    sign_flip_p,
    smallest_p,
    verdict,
)

SIGNS = np.array(list(product([1.0, -1.0], repeat=10)))  # (1024, 10): every way to sign ten


def enumerated(differences: np.ndarray) -> np.ndarray:
    """The p of each of (k, 10) rows, by trying every sign."""
    sums = np.abs(differences @ SIGNS.T)
    return (sums >= np.abs(differences.sum(axis=1))[:, None] - 1e-12).mean(axis=1)


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
        # A sum of 0 is reached or passed always.
        ([1, -1, 2, -2, 0], 1.0),
        ([0, 0, 0, 0, 0], 1.0),
        ([0.02], 1.0),
        # Equal sums count as equal though rounding parts them: 0.1 + 0.2 - 0.3 is not 0 in binary.
        ([0.1, 0.2, -0.3], 1.0),
        ([0.1, 0.2, 0.3, 0.4, -0.5], 20 / 32),
    ],
)
def test_sign_flips_enumerated_by_hand(differences: list[float], p: float) -> None:
    assert sign_flip_p(np.array(differences, float)) == pytest.approx(p)


@given(st.lists(st.integers(-40, 40), min_size=2, max_size=8), st.sampled_from([1e-3, 1.0, 7.0]))
def test_the_p_is_a_share_that_neither_sign_nor_unit_changes(
    values: list[int], unit: float
) -> None:
    p = sign_flip_p(np.array(values) * unit)
    assert smallest_p(len(values)) - 1e-12 <= p <= 1
    assert sign_flip_p(-np.array(values) * unit) == pytest.approx(p)
    assert sign_flip_p(np.array(values, float)) == pytest.approx(p)


@pytest.mark.parametrize("seeds", [1, 6, 11, 20, EXACT])
def test_no_p_is_below_two_in_two_to_the_n(seeds: int) -> None:
    assert sign_flip_p(1.0 + np.arange(seeds) / 7) == pytest.approx(smallest_p(seeds))


@pytest.mark.parametrize("seeds", [20, EXACT, EXACT + 5])
def test_with_many_pairs_the_p_comes_close_to_student_s(seeds: int) -> None:
    differences = np.random.default_rng(3).normal(0.25, 1, seeds)
    assert sign_flip_p(differences) == pytest.approx(
        stats.ttest_1samp(differences, 0).pvalue, rel=0.1
    )


# --- Holm, and how many seeds a family takes --------------------------------------------------


def test_holm_by_hand() -> None:
    # Sorted 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1; none below the one before it.
    assert holm([0.04, 0.01, 0.03, 0.02], 4) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.5, 0.9], 2) == pytest.approx([1.0, 1.0])
    assert holm([0.01, 0.02], 10) == pytest.approx([0.1, 0.18])  # eight had too few seeds


@pytest.mark.parametrize(
    ("tests", "seeds"),
    [
        (1, 6),  # 2 / 2**6 = 0.031, and 2 / 2**5 = 0.063
        (12, 9),
        (13, 10),  # 13 * 2 / 2**9 = 0.051
        (25, 10),
        (26, 11),  # 26 * 2 / 2**10 = 0.051
        (25_000, 20),
    ],
)
def test_the_seeds_that_a_family_takes(tests: int, seeds: int) -> None:
    assert seeds_needed(tests) == seeds
    assert decidable(seeds, tests)
    assert not decidable(seeds - 1, tests)


# --- what n can see ---------------------------------------------------------------------------


@pytest.mark.parametrize(("seeds", "tests"), [(10, 15), (10, 1), (12, 15), (20, 15)])
def test_the_smallest_difference_is_found_four_times_in_five(seeds: int, tests: int) -> None:
    studies = np.random.default_rng(20).normal(detectable(seeds, tests), 1, (3000, seeds))
    found = np.mean([tests * sign_flip_p(row) < 0.05 for row in studies])
    assert found == pytest.approx(0.8, abs=0.03)  # the standard error of 3,000 studies is 0.007


def test_where_only_equal_signs_decide_it_is_as_large_as_a_formula_says() -> None:
    # 15 tests of ten seeds: all ten must be above 0, each with a probability of 0.8 ** 0.1.
    assert detectable(10, 15) == pytest.approx(2.013, abs=0.001)
    assert detectable(9, 15) is None


def test_the_seeds_of_a_difference_are_those_that_can_see_it() -> None:
    seeds = seeds_to_find(0.01, 0.01, 15)
    assert seeds is not None
    assert (detectable(seeds, 15) or 9) <= 1 < (detectable(seeds - 1, 15) or 9)
    assert seeds_to_find(-0.01, 0.01, 15) == seeds
    assert seeds_to_find(0.05, 0.01, 15) == 10  # no difference is found with fewer
    assert seeds_to_find(0.0001, 0.01, 15) is None


@pytest.mark.parametrize("sd", [0.004, 0.01])
def test_the_seeds_that_an_equivalence_takes(sd: float) -> None:
    seeds, rng = seeds_to_equal(sd, 0.005), np.random.default_rng(21)
    assert seeds is not None
    for count, low, high in ((seeds, 0.77, 1), (seeds - 3, 0, 0.83)):
        narrow = [mean_interval(row, EQUIVALENCE) for row in rng.normal(0, sd, (2000, count))]
        assert low < np.mean([each is not None and each.inside(0.005) for each in narrow]) < high
    assert seeds_to_equal(0.2, 0.005) is None


# --- verdicts ---------------------------------------------------------------------------------

CLEAR = {"seeds": 10, "tests": 15, "p_adjusted": 0.02, "excludes_zero": True, "positive": True,
         "within_margin": False}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "better"),
        ({"positive": False}, "worse"),
        ({"within_margin": True}, "better"),  # significance comes first
        ({"excludes_zero": False}, "inconclusive"),
        ({"p_adjusted": 0.05}, "inconclusive"),
        ({"p_adjusted": 0.05, "within_margin": True}, "equivalent"),
        ({"seeds": 9, "p_adjusted": None}, "no verdict"),
        ({"seeds": 9, "tests": 12}, "better"),
        ({"tests": 26, "p_adjusted": None}, "no verdict"),
        # An equivalence has a rule of its own.
        ({"seeds": T_SEEDS, "p_adjusted": None, "within_margin": True}, "equivalent"),
        ({"seeds": T_SEEDS - 1, "p_adjusted": None, "within_margin": True}, "no verdict"),
    ],
)
def test_a_verdict(change: dict, expected: str) -> None:
    assert verdict(**(CLEAR | change)) == expected


def test_ten_arms_that_are_all_alike_differ_in_less_than_one_study_of_twenty() -> None:
    """Ten arms against one baseline, which they share, ten seeds, no difference at all."""
    rng = np.random.default_rng(9)
    results = rng.normal(0, 0.01, (3000, 11, 10))
    differences = results[:, 1:] - results[:, :1]
    # Holm's first step over ten arms: a family has a false finding where its smallest p is one.
    smallest = enumerated(differences.reshape(-1, 10)).reshape(-1, 10).min(axis=1)
    assert np.mean(10 * smallest < 0.05) < 0.05
    real = rng.normal(0.02, 0.01, (400, 10))  # two standard deviations: and the rule is not idle
    assert np.mean(10 * enumerated(real) < 0.05) > 0.9
