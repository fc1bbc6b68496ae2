"""Numbers of one run, worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ablation.statistics.config import Metric, StatisticsConfig
from ablation.statistics.runs import Run, best_arm, measure, spread, stuck
from tests.statistics.study_of_claims import STATISTICS, facts

EVER = [0.2, 0.4, 0.6]
OF = {
    "last": "validation_accuracy",
    "images_to_level": "running_accuracy",
    "rise": "validation_loss",
}


def run(curve: list[float], judged: dict[str, float] | None = None, **changes: Any) -> Run:
    arm = facts(**{"epochs": len(curve)} | changes)
    return Run(arm, judged or {}, dict.fromkeys(OF.values(), np.array(curve)))


def metric(take: str, **settings: float | str) -> Metric:
    content: dict[str, Any] = {"label": "a label", "take": take, **settings}
    if take != "gap":
        content = {"of": OF.get(take, OF["last"])} | content
    return Metric.model_validate(content)


@pytest.mark.parametrize(
    ("curve", "asked", "expected"),
    [
        (EVER, metric("last"), 0.6),
        (EVER, metric("after_images", images=1000), 0.4),  # 500 an epoch
        (EVER, metric("after_images", images=1499), 0.4),  # the last within them
        (EVER, metric("after_images", images=499), None),
        (EVER, metric("after_images", images=2000), None),  # a shorter run
        (EVER, metric("images_to_level", level=0.5), 1000.0),  # half way from 0.4 to 0.6
        ([0.2, 0.6, 0.3, 0.7], metric("images_to_level", level=0.5), 625.0),  # the first time
        ([0.8, 0.9], metric("images_to_level", level=0.5), 250.0),  # nothing was measured before
        ([0.1, 0.2, 0.3], metric("images_to_level", level=0.5), math.inf),
        ([1.0, 0.5, 0.8], metric("rise"), 0.6),
        ([1.0, 0.5, 0.4], metric("rise"), 0.0),
        ([1.0, math.nan], metric("rise"), None),
    ],
)
def test_a_metric_of_a_curve(curve: list[float], asked: Metric, expected: float | None) -> None:
    assert measure(run(curve), asked) == (None if expected is None else pytest.approx(expected))


def test_final_accuracies_are_the_trained_network_s_and_not_the_curve_s() -> None:
    judged = {"train_accuracy": 0.95, "validation_accuracy": 0.9, "test_accuracy": math.nan}
    assert measure(run(EVER, judged), metric("final")) == 0.9
    assert measure(run(EVER, judged), metric("gap")) == pytest.approx(0.05)
    assert measure(run(EVER, judged), metric("final", of="test_accuracy")) is None


# --- stability --------------------------------------------------------------------------------


def test_a_rising_curve_is_stable_however_fast_and_a_fall_is_spread_about_its_trend() -> None:
    assert spread(np.linspace(0.2, 0.8, 9)) == 0
    assert spread(np.array([0.2, 0.3, 0.7, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9])) == 0
    # The best rising curve has 0.8 twice where it falls from 0.82 to 0.78: 0.02 off, two of nine.
    fallen = np.array([0.5, 0.6, 0.7, 0.82, 0.78, 0.9, 0.9, 0.9, 0.9])
    assert spread(fallen) == pytest.approx(0.02 * math.sqrt(2 / 9))
    rng = np.random.default_rng(1)
    found = [spread(0.8 + rng.normal(0, sd, 10)) for sd in (0.01, 0.02) for _ in range(200)]
    assert np.mean(found[200:]) == pytest.approx(2 * np.mean(found[:200]), rel=0.1)


def test_stability_is_asked_at_a_nearly_constant_rate_and_of_eight_changes() -> None:
    curve = [0.1, 0.9, 0.5, 0.6, 0.7, 0.75, 0.8, 0.8, 0.85, 0.85, 0.9, 0.1]
    assert measure(run(curve, steady=[3, 11]), metric("spread")) == pytest.approx(0, abs=1e-12)
    assert measure(run(curve, steady=[2, 10]), metric("spread")) > 0.09  # type: ignore[operator]
    assert measure(run(curve, steady=[3, 10]), metric("spread")) is None  # seven changes
    assert measure(run(curve, steady=[1, 0]), metric("spread")) is None


# --- what is stuck ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        ([0.27, 0.39, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9], True),  # at two of eight epochs
        ([0.27, 0.40, 0.27, 0.27, 0.27, 0.27, 0.27, 0.27], False),
        ([0.27, 0.39, 0.9, 0.9, 0.9, 0.9, 0.9], True),  # at one of seven: the last within a quarter
        ([0.5, 0.27], False),  # of a short run the first
    ],
)
def test_a_run_is_stuck_below_40_percent_at_a_quarter_of_its_images(
    curve: list[float], expected: bool
) -> None:
    assert stuck(np.array(curve), StatisticsConfig.model_validate(STATISTICS)) is expected


def test_the_best_arm_is_the_first_with_the_highest_mean_validation_accuracy() -> None:
    runs = pd.DataFrame({"arm": ["a", "a", "b", "c"], "validation_accuracy": [0.9, 0.7, 0.8, 0.7]})
    assert best_arm(runs, ["c", "b", "a"]) == "b"
