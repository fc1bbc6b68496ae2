"""Numbers of one run, worked out by hand."""

from __future__ import annotations

import math
from typing import Any, get_args

import numpy as np
import pytest
from pydantic import TypeAdapter

from ablation.statistics import run_metrics
from ablation.statistics.config import Metric, MetricConfig
from ablation.statistics.runs import Run, epochs_to_reach, measure, stability, window
from tests.statistics.study_of_claims import facts


def run(curve: list[float], facts_: dict[str, Any] | None = None, **judged: float | None) -> Run:
    arm = facts(epochs=len(curve), **({"steady_epochs": len(curve)} | (facts_ or {})))
    curves = {
        "validation_accuracy": np.array(curve),
        "validation_loss": np.full(len(curve), 0.5),
    }
    return Run(arm, judged, curves, 0.27, None)


def metric(take: str, **settings: float | str) -> Metric:
    content = {"label": "a label", "take": take, **settings}
    if take != "gap":
        content = {"of": "validation_accuracy"} | content
    return TypeAdapter(MetricConfig).validate_python(content)


def test_final_accuracy_is_the_evaluation_s_and_not_the_curve_s() -> None:
    assert measure(run([0.1, 0.2], validation_accuracy=0.7), metric("final")) == 0.7
    training = metric("final", of="train_accuracy")
    assert measure(run([0.1], train_accuracy=0.93, train_images=24_000), training) == 0.93


@pytest.mark.parametrize("judged", [{}, {"test_accuracy": None}, {"test_accuracy": math.nan}])
def test_without_labels_there_is_no_test_accuracy(judged: dict[str, float | None]) -> None:
    assert measure(run([0.1], **judged), metric("final", of="test_accuracy")) is None


def test_the_gap_is_that_of_the_final_accuracies() -> None:
    found = measure(run([0.1], train_accuracy=0.95, validation_accuracy=0.9), metric("gap"))
    assert found == pytest.approx(0.05)
    assert measure(run([0.1], train_accuracy=0.95), metric("gap")) is None


def test_after_an_epoch() -> None:
    assert measure(run([0.1, 0.4, 0.9]), metric("after_epoch", epoch=1)) == 0.1
    assert measure(run([0.1, 0.4, 0.9]), metric("after_epoch", epoch=3)) == 0.9
    assert measure(run([0.1, 0.4, 0.9]), metric("after_epoch", epoch=4)) is None


def test_a_change_is_that_of_the_means_of_the_first_and_the_last_epochs() -> None:
    curve = [0.2, 0.4, 0.9, 0.9, 0.1, 0.1]
    assert measure(run(curve), metric("change", part=1 / 3)) == pytest.approx(-0.2)
    assert measure(run([0.2, 0.5]), metric("change", part=1 / 3)) == pytest.approx(0.3)
    assert measure(run([0.2]), metric("change", part=1 / 3)) is None


def test_a_curve_that_only_trembles_does_not_change_as_its_highest_point_would_say() -> None:
    rng = np.random.default_rng(0)
    curves = [list(rng.normal(0.25, 0.01, 60)) for _ in range(200)]
    changes = [measure(run(curve), metric("change", part=1 / 3)) for curve in curves]
    assert np.mean(changes) == pytest.approx(0, abs=5e-4)
    assert np.mean([curve[-1] - max(curve) for curve in curves]) < -0.02


@pytest.mark.parametrize(
    ("curve", "epochs"),
    [
        ([0.2, 0.4, 0.6], 2.5),  # half way from 0.4 to 0.6
        ([0.2, 0.5, 0.9], 2.0),
        ([0.2, 0.6, 0.3, 0.7], 1.75),  # the first time counts
        ([0.8, 0.9], 1.0),  # nothing was measured before the first epoch
        ([0.1, 0.2, 0.3], 4.0),  # never: as if with the next epoch
    ],
)
def test_epochs_to_a_level(curve: list[float], epochs: float) -> None:
    assert measure(run(curve), metric("epochs_to_level", level=0.5)) == pytest.approx(epochs)


def test_images_to_a_level_are_epochs_of_so_many_and_unknown_for_a_run_that_never_got_there() -> (
    None
):
    images = metric("images_to_level", level=0.5)
    assert measure(run([0.2, 0.4, 0.6], {"epoch_images": 2000}), images) == pytest.approx(5000)
    assert measure(run([0.1, 0.2, 0.3]), images) is None


# --- stability --------------------------------------------------------------------------------


def test_stability_is_the_deviation_of_the_changes_over_the_square_root_of_two() -> None:
    # Changes of 0.2, -0.2 and 0.2: a mean of 0.2 / 3, a variance of 0.16 / 3.
    assert stability([0.5, 0.7, 0.5, 0.7], 1.0, 4) == pytest.approx(math.sqrt(0.16 / 3 / 2))
    assert stability([0.3, 0.3, 0.3], 1.0, 3) == 0.0


def test_a_steady_slope_is_no_instability_and_scatter_about_it_is_its_deviation() -> None:
    assert stability(np.linspace(0.2, 0.8, 40), 1.0, 40) == pytest.approx(0, abs=1e-12)
    rng = np.random.default_rng(1)
    scatter = [np.linspace(0.2, 0.8, 60) + rng.normal(0, 0.02, 60) for _ in range(300)]
    found = [stability(curve, 1.0, 60) for curve in scatter]
    assert np.mean(found) == pytest.approx(0.02, rel=0.02)  # type: ignore[arg-type]
    assert np.mean([np.std(curve, ddof=1) for curve in scatter]) > 0.15


def test_where_the_rate_has_fallen_every_arm_is_stable_and_so_earlier_epochs_are_asked() -> None:
    """Both arms stand still at the end; one of them jumps while the rate is still high."""
    still = np.full(300, 0.8)
    jumping = still.copy()
    jumping[100:165:2] += 0.05
    assert stability(jumping, 1 / 6, 300) == stability(still, 1 / 6, 300) == 0.0
    assert stability(still, 1 / 6, 165) == 0.0
    assert stability(jumping, 1 / 6, 165) == pytest.approx(0.05 / math.sqrt(2), rel=0.03)


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


@pytest.mark.parametrize("epochs", [1, 2])
def test_fewer_than_three_epochs_show_no_stability(epochs: int) -> None:
    assert stability([0.5] * epochs, 1 / 6, epochs) is None
    assert stability([0.5] * 9, 1 / 6, epochs) is None
    assert measure(run([0.5] * epochs), metric("spread", last=1 / 6)) is None


def test_the_spread_of_a_run_knows_its_arm_s_schedule() -> None:
    curve = [0.2, 0.5, 0.2, 0.8, 0.8, 0.8]
    assert measure(run(curve), metric("spread", last=0.5)) == 0.0
    before = measure(run(curve, {"steady_epochs": 3}), metric("spread", last=0.5))
    assert before == pytest.approx(0.3)  # changes of 0.3 and -0.3


@pytest.mark.parametrize(
    ("accuracies", "epoch"),
    [
        ([0.5], 1),
        ([0.1, 0.5, 0.94, 0.95, 1.0], 4),
        ([0.1, 0.96, 0.2, 1.0], 2),  # the first, though it falls again
        ([0.9, 0.8, 0.7], 1),
        ([0.0, 0.0], 1),
    ],
)
def test_epochs_to_reach(accuracies: list[float], epoch: int) -> None:
    reached = epochs_to_reach(accuracies, 0.95)
    assert reached == epoch
    assert type(reached) is int


# --- what has learnt nothing ------------------------------------------------------------------


def ended(accuracy: float | None, images: int = 6000, **losses: float) -> Run:
    curves = {name: np.array([2.3, loss]) for name, loss in losses.items()}
    judged = {"validation_accuracy": accuracy, "validation_images": float(images)}
    return Run(facts(), judged, curves, 0.273, None)


def test_a_regularized_run_at_95_percent_has_not_diverged_whatever_its_penalty() -> None:
    """Cross-entropy 0.15 and a penalty of 2.6: together more than ln 10."""
    assert not ended(0.95, running_loss=2.75, train_loss=0.15, validation_loss=0.2).diverged


def test_a_run_on_the_plateau_has_diverged_though_its_loss_is_below_that_of_guessing() -> None:
    """Saying how frequent each label is costs 1.886, guessing evenly 2.303."""
    assert ended(0.273, running_loss=1.886, train_loss=1.886, validation_loss=1.886).diverged
    assert ended(0.268, train_loss=1.886).diverged


@pytest.mark.parametrize(
    ("accuracy", "images", "diverged"),
    [
        (0.284, 6000, True),  # 1.1 points above 27.3%, which 6,000 images leave open
        (0.286, 6000, False),
        (0.33, 50, True),
        (0.5, 50, False),
        (None, 6000, True),
        (math.nan, 6000, True),
    ],
)
def test_whether_a_run_is_above_the_majority_is_asked_with_its_interval(
    accuracy: float | None, images: int, diverged: bool
) -> None:
    assert ended(accuracy, images).diverged is diverged


def test_a_loss_that_is_no_number_is_a_divergence() -> None:
    assert ended(0.95, train_loss=math.nan).diverged
    assert ended(0.95, running_loss=math.inf).diverged
    assert not ended(0.95, train_loss=2.9).diverged


def test_every_take_of_the_schema_is_a_function() -> None:
    for kind in get_args(get_args(MetricConfig)[0]):
        (take,) = get_args(kind.model_fields["take"].annotation)
        assert callable(getattr(run_metrics, take))
