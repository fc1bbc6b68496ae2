"""Numbers of one run, worked out by hand."""

from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest
from pydantic import TypeAdapter

from ablation.statistics import run_metrics
from ablation.statistics.config import Metric, MetricConfig
from ablation.statistics.run_metrics import Run, measure


def run(curve: list[float], loss: float = 0.5, **judged: float | None) -> Run:
    curves = {"validation_accuracy": np.array(curve), "train_loss": np.array([2.3, loss])}
    return Run(judged, curves)


def metric(take: str, **settings: float | str) -> Metric:
    content = {"label": "a label", "take": take, "of": "validation_accuracy", **settings}
    return TypeAdapter(MetricConfig).validate_python(content)


def test_final_accuracy_is_the_evaluation_s_and_not_the_curve_s() -> None:
    assert measure(run([0.1, 0.2], validation_accuracy=0.7), metric("final")) == 0.7


@pytest.mark.parametrize("judged", [{}, {"test_accuracy": None}, {"test_accuracy": math.nan}])
def test_without_labels_there_is_no_test_accuracy(judged: dict[str, float | None]) -> None:
    assert measure(run([0.1], **judged), metric("final", of="test_accuracy")) is None


def test_after_an_epoch() -> None:
    assert measure(run([0.1, 0.4, 0.9]), metric("after_epoch", epoch=1)) == 0.1
    assert measure(run([0.1, 0.4, 0.9]), metric("after_epoch", epoch=3)) == 0.9
    assert measure(run([0.1, 0.4, 0.9]), metric("after_epoch", epoch=4)) is None


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


def test_spread_is_that_of_the_last_epochs() -> None:
    curve = [0.0] * 10 + [0.6, 0.8]
    assert measure(run(curve), metric("spread", last=1 / 6)) == pytest.approx(math.sqrt(0.02))
    assert measure(run([0.6]), metric("spread", last=1 / 6)) is None


@pytest.mark.parametrize(("loss", "diverged"), [(0.4, False), (2.31, True), (math.nan, True)])
def test_a_run_that_ends_no_better_than_guessing_has_diverged(loss: float, diverged: bool) -> None:
    assert run([0.1], loss).diverged is diverged


def test_every_take_of_the_schema_is_a_function() -> None:
    for kind in get_args(get_args(MetricConfig)[0]):
        (take,) = get_args(kind.model_fields["take"].annotation)
        assert callable(getattr(run_metrics, take))
