"""Corrections, seeds, power and verdicts against statsmodels, by hand and by simulation."""

from __future__ import annotations

import re
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from ablation.statistics.paired import Interval, mean_interval, sign_flip_p
from ablation.statistics.significance import (
    T_SEEDS,
    decidable,
    detectable,
    holm,
    seeds_needed,
    seeds_to_equal,
    seeds_to_find,
    verdict,
)

# --- Holm -------------------------------------------------------------------------------------


def step_down(p_values: list[float]) -> list[float]:
    """Holm's procedure as he wrote it: the k-th smallest of m times m - k + 1, never falling."""
    order = np.argsort(p_values)
    adjusted, highest = np.empty(len(p_values)), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return list(adjusted)


def test_holm_by_hand() -> None:
    # Sorted 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1; none below the one before it.
    assert holm([0.04, 0.01, 0.03, 0.02], 4) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.5, 0.9], 2) == pytest.approx([1.0, 1.0])
    assert holm([0.02], 1) == [0.02]
    assert holm([], 3) == []


def test_tests_without_a_p_of_their_own_still_count() -> None:
    assert holm([0.01, 0.02], 10) == pytest.approx([0.1, 0.18])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_the_step_down_procedure_and_that_of_statsmodels(p_values: list[float]) -> None:
    with mock.patch("gc.collect"):  # which statsmodels calls each time, a tenth of a second
        adjusted = holm(p_values, len(p_values))
        assert adjusted == pytest.approx(step_down(p_values))
        assert adjusted == pytest.approx(list(multipletests(p_values, method="holm")[1]))


# --- how many seeds ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tests", "seeds"),
    [
        (1, 6),  # 2 / 2**6 = 0.031, and 2 / 2**5 = 0.063
        (10, 9),
        (12, 9),
        (13, 10),  # 13 * 2 / 2**9 = 0.051
        (25, 10),
        (26, 11),  # 26 * 2 / 2**10 = 0.051
        (111, 13),
        (1011, 16),
        (25_000, 20),
    ],
)
def test_the_seeds_that_a_family_takes(tests: int, seeds: int) -> None:
    assert seeds_needed(tests) == seeds
    assert tests * 2 / 2**seeds <= 0.05 < tests * 2 / 2 ** (seeds - 1)
    assert decidable(seeds, tests)
    assert not decidable(seeds - 1, tests)


def test_the_document_s_table_of_seeds_is_this_one() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs/statistics.md").read_text(encoding="utf-8")
    tests, seeds = (
        re.findall(r"[\d,]+(?: to [\d,]+)?", line)
        for line in text.splitlines()
        if line.startswith(("| tests in the family", "| seeds that a verdict takes"))
    )
    assert len(tests) == len(seeds) == 8
    for span, needed in zip(tests, seeds, strict=True):
        for end in span.replace(",", "").split(" to "):
            assert seeds_needed(int(end)) == int(needed)


def test_levels_and_equivalence_take_the_seeds_of_a_single_test() -> None:
    assert seeds_needed(1) == T_SEEDS == 6


# --- what n can see ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seeds", "tests"), [(9, 10), (10, 15), (10, 1), (12, 15), (15, 15), (13, 111), (20, 15)]
)
def test_the_smallest_difference_is_found_four_times_in_five(seeds: int, tests: int) -> None:
    effect = detectable(seeds, tests)
    assert effect is not None
    rng = np.random.default_rng(20)
    studies = rng.normal(effect, 1, (3000, seeds))
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


def equivalences(sd: float, seeds: int, studies: int = 2000) -> float:
    """How often arms that are alike are found equivalent to within half a point."""
    rng = np.random.default_rng(21)
    narrow = [mean_interval(row, 0.90) for row in rng.normal(0, sd, (studies, seeds))]
    return float(np.mean([interval is not None and interval.inside(0.005) for interval in narrow]))


@pytest.mark.parametrize("sd", [0.004, 0.006, 0.01])
def test_the_seeds_that_an_equivalence_takes(sd: float) -> None:
    seeds = seeds_to_equal(sd, 0.005)
    assert seeds is not None
    assert equivalences(sd, seeds) > 0.77
    assert equivalences(sd, seeds - 3) < 0.83
    assert seeds_to_equal(0.2, 0.005) is None


def test_training_accuracy_of_all_images_leaves_an_equivalence_its_power() -> None:
    """Two alike arms at 93%: of 2,000 images each, and of all 24,000."""
    noise = {images: np.sqrt(2 * 0.93 * 0.07 / images) for images in (2000, 24_000)}
    between_seeds = 0.003
    few, all_ = (equivalences(float(np.hypot(between_seeds, sd)), 10) for sd in noise.values())
    assert few < 0.3
    assert all_ > 0.9


# --- verdicts ---------------------------------------------------------------------------------

CLEAR = {"seeds": 10, "tests": 15, "p_adjusted": 0.02, "excludes_zero": True, "positive": True,
         "within_margin": False}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "better"),
        ({"positive": False}, "worse"),
        ({"within_margin": True}, "better"),  # told apart comes first
        ({"excludes_zero": False}, "inconclusive"),
        ({"p_adjusted": 0.05}, "inconclusive"),
        ({"p_adjusted": 0.05, "within_margin": True}, "equivalent"),
        ({"p_adjusted": None}, "no verdict"),
        ({"seeds": 9}, "no verdict"),
        ({"seeds": 9, "tests": 12}, "better"),
        ({"tests": 26}, "no verdict"),
        ({"seeds": 11, "tests": 26}, "better"),
        # An equivalence has a rule of its own.
        ({"p_adjusted": None, "within_margin": True}, "equivalent"),
        ({"seeds": 6, "p_adjusted": None, "within_margin": True}, "equivalent"),
        ({"seeds": 5, "p_adjusted": None, "within_margin": True}, "no verdict"),
    ],
)
def test_a_verdict(change: dict, expected: str) -> None:
    assert verdict(**(CLEAR | change)) == expected


def test_an_interval_knows_what_it_holds() -> None:
    interval = Interval(-0.004, 0.003)
    assert interval.inside(0.005)
    assert not interval.inside(0.004)  # the bound itself is not inside
    assert not interval.excludes(0.0)
    assert Interval(0.001, 0.002).excludes(0.0)
