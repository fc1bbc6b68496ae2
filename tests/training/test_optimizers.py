"""Optimizers from their configuration, and what a step of each does."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from ablation.training.config import AdamConfig, OptimizerConfig, SgdConfig
from ablation.training.loop import build_optimizer
from tests.conftest import ADAM


def sgd(**changes: Any) -> SgdConfig:
    plain: dict[str, Any] = {"learning_rate": 0.1, "momentum": 0.0, "nesterov": False}
    constant: dict[str, Any] = {"schedule": "constant", "warmup": None}
    return SgdConfig(algorithm="sgd", **(plain | constant | changes))


def adam(**changes: Any) -> AdamConfig:
    return ADAM.model_copy(update=changes)


def descend(config: OptimizerConfig, steps: int) -> list[float]:
    """Where a variable that starts at 1 stands after each step with slope 1."""
    optimizer, variable = build_optimizer(config, steps), keras.Variable(1.0)
    places = []
    for _ in range(steps):
        optimizer.apply([keras.ops.ones(())], [variable])
        places.append(float(keras.ops.convert_to_numpy(variable.value)))
    return places


@pytest.mark.parametrize(
    ("config", "places"),
    [
        (sgd(), [0.9, 0.8, 0.7]),
        # velocity .1, .19, .271
        (sgd(momentum=0.9), [0.9, 0.71, 0.439]),
        # it looks ahead: each step is .9 velocity + .1
        (sgd(momentum=0.9, nesterov=True), [0.81, 0.539, 0.1951]),
        # its steps are its rate for a constant slope
        (adam(learning_rate=0.001, schedule="constant", warmup=None), [0.999, 0.998, 0.997]),
    ],
)
def test_three_steps_by_hand(config: OptimizerConfig, places: list[float]) -> None:
    assert descend(config, 3) == pytest.approx(places, rel=1e-5)


def rates(config: OptimizerConfig, steps: int) -> list[float]:
    schedule = build_optimizer(config, steps)._learning_rate
    return [float(keras.ops.convert_to_numpy(schedule(step))) for step in range(steps + 1)]


@pytest.mark.parametrize("kind", [sgd, adam])
def test_a_cosine_ends_with_the_run(kind: Any) -> None:
    values = rates(kind(learning_rate=0.1, schedule="cosine", warmup=0.0), 100)
    expected = 0.1 * (1 + np.cos(np.pi * np.arange(101) / 100)) / 2
    np.testing.assert_allclose(values, expected, atol=1e-7)


def test_a_warm_up_rises_from_0_then_falls() -> None:
    values = rates(sgd(schedule="cosine", warmup=0.2), 100)
    np.testing.assert_allclose(values[:21], np.linspace(0, 0.1, 21), atol=1e-7)
    expected = 0.1 * (1 + np.cos(np.pi * np.arange(81) / 80)) / 2
    np.testing.assert_allclose(values[20:], expected, atol=1e-7)


@pytest.mark.parametrize("warmup", [0.0, 0.5, 0.99])
def test_a_run_of_one_step_has_a_schedule_too(warmup: float) -> None:
    assert np.isfinite(descend(sgd(schedule="cosine", warmup=warmup), 1)).all()
