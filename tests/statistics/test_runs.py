"""Numbers of one run, worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import TypeAdapter

from ablation.statistics.config import Metric, MetricConfig
from ablation.statistics.runs import Run, best_arm, epochs_to_reach, measure, stability, window
from tests.statistics.study_of_claims import facts

EVER = [0.2, 0.4, 0.6]


def run(curve: list[float], judged: dict[str, float] | None = None, **changes: int) -> Run:
    arm = facts(**{"epochs": len(curve), "steady_epochs": len(curve)} | changes)
    return Run(arm, judged or {}, {"validation_accuracy": np.array(curve)}, 0.27, None)


def metric(take: str, **settings: float | str) -> Metric:
    content: dict[str, Any] = {"label": "a label", "take": take, **settings}
    if take != "gap":
        content = {"of": "validation_accuracy"} | content
    return TypeAdapter(MetricConfig).validate_python(content)


@pytest.mark.parametrize(
    ("curve", "asked", "expected"),
    [
        (EVER, metric("after_epoch", epoch=1), 0.2),
        (EVER, metric("after_epoch", epoch=3), 0.6),
        (EVER, metric("after_epoch", epoch=4), None),
        ([0.2, 0.4, 0.9, 0.9, 0.1, 0.1], metric("change", part=1 / 3), -0.2),  # of the means
        ([0.2, 0.5], metric("change", part=1 / 3), 0.3),
        ([0.2], metric("change", part=1 / 3), None),
        (EVER, metric("epochs_to_level", level=0.5), 2.5),  # half way from 0.4 to 0.6
        ([0.2, 0.6, 0.3, 0.7], metric("epochs_to_level", level=0.5), 1.75),  # the first time
        ([0.8, 0.9], metric("epochs_to_level", level=0.5), 1.0),  # nothing was measured before
        ([0.1, 0.2, 0.3], metric("epochs_to_level", level=0.5), 4.0),  # as if with the next epoch
        (EVER, metric("images_to_level", level=0.5), 1250.0),  # 500 an epoch
        ([0.1, 0.2, 0.3], metric("images_to_level", level=0.5), None),
        ([0.2, 0.5, 0.2, 0.8, 0.8, 0.8], metric("spread", last=0.5), 0.0),
        ([0.5, 0.5], metric("spread", last=0.5), None),
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


def test_stability_is_the_deviation_of_the_changes_over_the_square_root_of_two() -> None:
    # Changes of 0.2, -0.2 and 0.2: a mean of 0.2 / 3, a variance of 0.16 / 3.
    assert stability([0.5, 0.7, 0.5, 0.7], 1.0, 4) == pytest.approx(math.sqrt(0.16 / 3 / 2))


def test_a_steady_slope_is_no_instability_and_scatter_about_it_is_its_deviation() -> None:
    assert stability(np.linspace(0.2, 0.8, 40), 1.0, 40) == pytest.approx(0, abs=1e-12)
    rng = np.random.default_rng(1)
    scatter = [np.linspace(0.2, 0.8, 60) + rng.normal(0, 0.02, 60) for _ in range(300)]
    found = [stability(curve, 1.0, 60) for curve in scatter]
    assert np.mean(found) == pytest.approx(0.02, rel=0.02)  # type: ignore[arg-type]


def test_where_the_rate_has_fallen_every_arm_is_stable_and_so_earlier_epochs_are_asked() -> None:
    jumping = np.full(300, 0.8)
    jumping[100:165:2] += 0.05
    assert stability(jumping, 1 / 6, 300) == 0.0
    assert stability(jumping, 1 / 6, 165) == pytest.approx(0.05 / math.sqrt(2), rel=0.03)
    before = run([0.2, 0.5, 0.2, 0.8, 0.8, 0.8], steady_epochs=3)
    assert measure(before, metric("spread", last=0.5)) == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("epochs", "steady", "expected"),
    [
        (300, 300, (250, 300)),  # the paper's last 50 of 300
        (300, 165, (115, 165)),  # as many, before the rate falls
        (16, 8, (5, 8)),  # three epochs at least
        (2, 1, (0, 1)),
    ],
)
def test_which_epochs_show_stability(epochs: int, steady: int, expected: tuple[int, int]) -> None:
    assert window(epochs, 1 / 6, steady) == expected


@pytest.mark.parametrize(
    ("accuracies", "epoch"),
    [([0.5], 1), ([0.1, 0.5, 0.94, 0.95, 1.0], 4), ([0.1, 0.96, 0.2, 1.0], 2), ([0.0, 0.0], 1)],
)
def test_epochs_to_reach(accuracies: list[float], epoch: int) -> None:
    assert epochs_to_reach(accuracies, 0.95) == epoch


def test_the_best_arm_is_the_first_with_the_highest_mean_validation_accuracy() -> None:
    runs = pd.DataFrame({"arm": ["a", "a", "b", "c"], "validation_accuracy": [0.9, 0.7, 0.8, 0.7]})
    assert best_arm(runs, ["c", "b", "a"]) == "b"


# --- what has diverged ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accuracy", "images", "losses", "diverged"),
    [
        # Cross-entropy 0.15 and a penalty of 2.6: together more than ln 10.
        (0.95, 6000, {"running_loss": 2.75, "train_loss": 0.15}, False),
        # Saying how frequent each label is costs 1.886, guessing evenly 2.303.
        (0.273, 6000, {"train_loss": 1.886}, True),
        (0.284, 6000, {}, True),  # 1.1 points above 27.3%, which 6,000 images leave open
        (0.286, 6000, {}, False),
        (0.33, 50, {}, True),
        (0.95, 6000, {"train_loss": math.nan}, True),
        (0.95, 6000, {"running_loss": math.inf}, True),
    ],
)
def test_a_run_has_diverged_without_a_loss_or_on_the_majority_class(
    accuracy: float, images: int, losses: dict[str, float], diverged: bool
) -> None:
    curves = {name: np.array([2.3, loss]) for name, loss in losses.items()}
    judged = {"validation_accuracy": accuracy, "validation_images": images}
    assert Run(facts(), judged, curves, 0.273, None).diverged is diverged
