"""Intervals against SciPy, by hand and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ablation.statistics.intervals import (
    Interval,
    label_deviations,
    level_interval,
    maximum_of,
    mean_interval,
)


def test_an_interval_knows_what_it_holds() -> None:
    interval = Interval(-0.004, 0.003)
    assert interval.inside(0.005)
    assert not interval.inside(0.004)  # the bound itself is not inside


# --- the mean over seeds ----------------------------------------------------------------------


@pytest.mark.parametrize("confidence", [0.90, 0.95])
def test_the_interval_is_the_t_of_scipy(confidence: float) -> None:
    values = np.random.default_rng(4).normal(0.8, 0.02, 10)
    theirs = stats.ttest_1samp(values, 0).confidence_interval(confidence)
    assert mean_interval(values, confidence) == pytest.approx((theirs.low, theirs.high))


def test_one_value_has_no_interval_and_equal_ones_a_point() -> None:
    assert mean_interval(np.array([0.1])) is None
    assert mean_interval(np.array([0.25, 0.25])) == Interval(0.25, 0.25)


# --- seeds and images -------------------------------------------------------------------------


def test_seeds_and_images_are_the_legs_of_a_right_angle() -> None:
    accuracies = np.array([0.95, 0.96, 0.97, 0.96])
    seeds, found = mean_interval(accuracies), level_interval(accuracies, 1000)
    theirs = stats.binomtest(960, 1000).proportion_ci(0.95, "wilson")
    assert found is not None
    assert seeds is not None
    assert 0.96 - found.low == pytest.approx(np.hypot(0.96 - seeds.low, 0.96 - theirs.low))
    assert found.high - 0.96 == pytest.approx(np.hypot(seeds.high - 0.96, theirs.high - 0.96))
    assert level_interval(accuracies, None) == seeds


def test_one_seed_has_the_images_interval_or_none() -> None:
    theirs = stats.binomtest(840, 1000).proportion_ci(0.95, "wilson")
    assert level_interval(np.array([0.84]), 1000) == pytest.approx((theirs.low, theirs.high))
    assert level_interval(np.array([0.84]), None) is None


def test_seeds_alone_would_trust_a_shared_test_set_too_much() -> None:
    """Networks of 96%, ten seeds on one test set of 1,000 images, again and again."""
    rng = np.random.default_rng(2)
    alone, both = [], []
    for _ in range(400):
        # Images are right for all seeds or for none but for a tenth of them, near to what is seen.
        easy = rng.random(1000) < 0.96
        right = np.where(rng.random((10, 1000)) < 0.1, rng.random((10, 1000)) < 0.96, easy)
        for images, covered in ((None, alone), (1000, both)):
            interval = level_interval(right.mean(axis=1), images)
            covered.append(interval is not None and interval.low <= 0.96 <= interval.high)
    assert np.mean(alone) < 0.6
    assert np.mean(both) > 0.93


# --- labels -----------------------------------------------------------------------------------

THREE = maximum_of(3, np.full(10, 0.1))


def test_the_largest_of_three_even_digits() -> None:
    assert (THREE[0], THREE[9], THREE.sum()) == pytest.approx((0.001, 0.271, 1))
    assert maximum_of(1, np.array([0.2, 0.8])) == pytest.approx([0.2, 0.8])


def test_labels_that_are_as_expected_are_so_within_their_intervals_all_at_once() -> None:
    rng = np.random.default_rng(1)
    held = [
        all(i.low <= 0 <= i.high for _, i in label_deviations(rng.multinomial(3000, THREE), THREE))
        for _ in range(300)
    ]
    assert np.mean(held) > 0.93
    of_two = label_deviations(rng.multinomial(30_000, THREE), maximum_of(2, np.full(10, 0.1)))
    assert of_two[9][0] == pytest.approx(0.271 - 0.19, abs=0.01)
    assert of_two[9][1].low > 0.02
