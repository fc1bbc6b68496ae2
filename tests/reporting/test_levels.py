"""The level of an arm: over which images and seeds its interval is, and how it is written."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from ablation.evaluation.metrics import wilson
from ablation.reporting.levels import level
from ablation.statistics.intervals import level_interval, mean_interval


def runs(accuracies: list[float]) -> pd.DataFrame:
    """Runs of one arm, alike on each part of the images; each part has another number of them."""
    images = {"train": 400, "validation": 100, "test": 50}
    return pd.DataFrame(
        {f"{part}_accuracy": accuracies for part in images}
        | {f"{part}_images": count for part, count in images.items()}
        | {"stuck": False}
    )


def test_the_interval_of_one_seed_is_over_the_images_that_it_was_measured_on() -> None:
    one = runs([0.9])
    assert level(one, "validation") == (0.9, pytest.approx(wilson(90, 100)), None)
    assert level(one, "test") == (0.9, pytest.approx(wilson(45, 50)), None)
    assert level(one, "train") == (0.9, None, None)
    assert level(runs([math.nan]), "test") is None  # without labels


def test_of_several_seeds_the_test_images_add_theirs_since_they_are_the_same() -> None:
    several = runs([0.8, 0.82, 0.84])
    accuracies = several["test_accuracy"].to_numpy()
    for part in ("validation", "train"):
        assert level(several, part) == (pytest.approx(0.82), mean_interval(accuracies), None)
    assert level(several, "test") == (pytest.approx(0.82), level_interval(accuracies, 50), None)


def test_where_a_run_is_stuck_there_is_the_median() -> None:
    found = level(runs([0.9, 0.3, 0.8]).assign(stuck=[False, True, False]), "train")
    assert found is not None
    assert found.median == 0.8


def test_an_interval_stays_inside_0_and_1_and_is_written_in_per_cent() -> None:
    high, none = level(runs([0.99, 1.0]), "train"), level(runs([0.5]), "train")
    assert high is not None
    assert none is not None
    assert (high.bounds(), high.bounds(", "), none.bounds()) == (
        "93.1\N{EN DASH}100.0", "93.1, 100.0", "",
    )  # fmt: skip
