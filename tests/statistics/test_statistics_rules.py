"""Corrections, images and verdicts against statsmodels and answers worked out by hand."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar as mcnemar_of_statsmodels
from statsmodels.stats.multitest import multipletests

from ablation.statistics.multiplicity import holm
from ablation.statistics.paired import Interval
from ablation.statistics.variance import Discordant, maximum_of, mcnemar, skew
from ablation.statistics.verdict import VERDICT_SEEDS, in_words, verdict

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
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([0.02]) == [0.02]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_the_step_down_procedure_and_that_of_statsmodels(p_values: list[float]) -> None:
    with mock.patch("gc.collect"):  # which statsmodels calls each time, a tenth of a second
        assert holm(p_values) == pytest.approx(step_down(p_values))
        assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))


def test_nine_seeds_are_the_fewest_whose_smallest_p_passes_holm_over_ten() -> None:
    for seeds in (7, 8, 9, 10):
        adjusted = holm([2 / 2**seeds] + [1.0] * 9)
        assert (adjusted[0] < 0.05) == (seeds >= VERDICT_SEEDS)


# --- verdicts ---------------------------------------------------------------------------------

CLEAR = {"seeds": 10, "p_adjusted": 0.02, "excludes_zero": True, "positive": True,
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
        ({"seeds": 8}, "no verdict"),
        ({"seeds": 8, "within_margin": True}, "no verdict"),
        ({"seeds": 9}, "better"),
    ],
)
def test_a_verdict(change: dict, expected: str) -> None:
    assert verdict(**(CLEAR | change)) == expected


def test_no_verdict_names_the_seeds() -> None:
    assert in_words("no verdict", 3) == "no verdict is possible at n = 3"
    assert in_words("worse", 10) == "worse"


def test_an_interval_knows_what_it_holds() -> None:
    interval = Interval(-0.004, 0.003)
    assert interval.inside(0.005)
    assert not interval.inside(0.004)  # the bound itself is not inside
    assert not interval.excludes(0.0)
    assert Interval(0.001, 0.002).excludes(0.0)


# --- images -----------------------------------------------------------------------------------


def rights(both: int, first: int, second: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    pattern = [(True, True)] * both + [(True, False)] * first + [(False, True)] * second
    pairs = np.array(pattern + [(False, False)] * neither)
    return pairs[:, 0], pairs[:, 1]


def test_mcnemar_by_hand() -> None:
    found = mcnemar(*rights(20, 8, 2, 5))
    # Of ten images eight or more one way or the other: 2 * (45 + 10 + 1) / 1024.
    assert found == Discordant(images=35, only_first=8, only_second=2, p=pytest.approx(112 / 1024))


@pytest.mark.parametrize("cells", [(50, 12, 3, 9), (1, 0, 7, 1), (900, 40, 41, 19), (5, 1, 0, 0)])
def test_mcnemar_is_that_of_statsmodels(cells: tuple[int, int, int, int]) -> None:
    both, first, second, neither = cells
    theirs = mcnemar_of_statsmodels([[both, first], [second, neither]], exact=True)
    assert mcnemar(*rights(*cells)).p == pytest.approx(theirs.pvalue)


def test_networks_that_err_alike_are_not_told_apart() -> None:
    assert mcnemar(*rights(10, 0, 0, 4)).p == 1.0


def test_the_largest_of_three_even_digits() -> None:
    expected = maximum_of(3, np.full(10, 0.1))
    assert expected[9] == pytest.approx(0.271)
    assert expected[0] == pytest.approx(0.001)
    assert expected.sum() == pytest.approx(1)
    assert maximum_of(1, np.array([0.2, 0.8])) == pytest.approx([0.2, 0.8])


def test_labels_that_are_as_expected_are_so_within_their_intervals() -> None:
    expected = maximum_of(3, np.full(10, 0.1))
    counts = np.random.default_rng(0).multinomial(30_000, expected)
    deviations = skew(counts, expected, 0.95)
    assert all(not interval.excludes(0.0) for _, interval in deviations)
    assert all(interval.inside(0.02) for _, interval in deviations)
    of_two = skew(counts, maximum_of(2, np.full(10, 0.1)), 0.95)
    assert of_two[9][0] == pytest.approx(0.271 - 0.19, abs=0.01)
    assert of_two[9][1].low > 0.02


def test_the_intervals_of_ten_labels_hold_together() -> None:
    expected = maximum_of(3, np.full(10, 0.1))
    rng = np.random.default_rng(1)
    held = [
        all(not i.excludes(0.0) for _, i in skew(rng.multinomial(3000, expected), expected, 0.95))
        for _ in range(300)
    ]
    assert np.mean(held) > 0.93
