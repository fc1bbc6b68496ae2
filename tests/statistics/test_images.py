"""Images as a source of variance against statsmodels, by hand and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as mcnemar_of_statsmodels

from ablation.statistics.images import (
    Discordant,
    level_interval,
    maximum_of,
    mcnemar,
    skew,
    spread_of_images,
)
from ablation.statistics.paired import mean_interval

# --- two networks -----------------------------------------------------------------------------


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


# --- the images' part of the spread -------------------------------------------------------------


def test_the_images_part_by_hand() -> None:
    # Differences of three images with two seeds: (1, 0), (0, 0), (-1, 1): variances 1/2, 0, 2.
    first = [np.array([True, True, False]), np.array([False, True, True])]
    second = [np.array([False, True, True]), np.array([False, True, False])]
    assert spread_of_images(first, second) == pytest.approx(np.sqrt(2.5) / 3)
    assert spread_of_images(first[:1], second[:1]) is None


def test_luck_with_images_explains_the_spread_of_seeds_that_differ_in_nothing_else() -> None:
    """Each network is right on an image with the image's own probability, and no seed is better."""
    rng = np.random.default_rng(0)
    chances = rng.beta(4, 0.5, 3000)
    ratios = []
    for _ in range(40):
        first, second = (rng.random((10, 3000)) < chances for _ in range(2))
        spread = np.std((first.mean(axis=1) - second.mean(axis=1)), ddof=1)
        ratios.append(spread / spread_of_images(list(first), list(second)))
    assert np.mean(np.square(ratios)) == pytest.approx(1, abs=0.15)


def test_seeds_that_are_better_on_all_images_spread_further_than_the_images_alone() -> None:
    rng = np.random.default_rng(1)
    skill = rng.uniform(0.7, 0.95, 10)
    first = [rng.random(3000) < each for each in skill]
    second = [rng.random(3000) < 0.8 for _ in range(10)]
    spread = np.std([a.mean() - b.mean() for a, b in zip(first, second, strict=True)], ddof=1)
    assert spread > 3 * spread_of_images(first, second)


# --- levels -----------------------------------------------------------------------------------


def test_ten_thousand_images_leave_four_tenths_of_a_point_at_96_percent() -> None:
    found = level_interval(np.full(10, 0.96), 10_000, 0.95)
    assert found is not None
    assert (found.high - found.low) / 2 == pytest.approx(0.0038, abs=1e-4)


def test_seeds_and_images_are_the_legs_of_a_right_angle() -> None:
    accuracies = np.array([0.95, 0.96, 0.97, 0.96])
    seeds = mean_interval(accuracies, 0.95)
    theirs = stats.binomtest(960, 1000).proportion_ci(0.95, "wilson")
    found = level_interval(accuracies, 1000, 0.95)
    assert found is not None
    assert seeds is not None
    assert 0.96 - found.low == pytest.approx(np.hypot(0.96 - seeds.low, 0.96 - theirs.low))
    assert found.high - 0.96 == pytest.approx(np.hypot(seeds.high - 0.96, theirs.high - 0.96))
    assert level_interval(accuracies, None, 0.95) == seeds


def test_one_seed_has_the_images_interval_or_none() -> None:
    theirs = stats.binomtest(840, 1000).proportion_ci(0.95, "wilson")
    found = level_interval(np.array([0.84]), 1000, 0.95)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high))
    assert level_interval(np.array([0.84]), None, 0.95) is None


def test_seeds_alone_would_trust_a_shared_test_set_too_much() -> None:
    """Networks of 96%, ten seeds on one test set of 1,000 images, again and again."""
    rng = np.random.default_rng(2)
    alone, both = [], []
    for _ in range(400):
        # Images are right for all seeds or for none but for a tenth of them, near to what is seen.
        easy = rng.random(1000) < 0.96
        accuracies = np.where(rng.random((10, 1000)) < 0.1, rng.random((10, 1000)) < 0.96, easy)
        accuracies = accuracies.mean(axis=1)
        for images, covered in ((None, alone), (1000, both)):
            interval = level_interval(accuracies, images, 0.95)
            covered.append(interval is not None and not interval.excludes(0.96))
    assert np.mean(alone) < 0.6
    assert np.mean(both) > 0.93


# --- labels -----------------------------------------------------------------------------------


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
