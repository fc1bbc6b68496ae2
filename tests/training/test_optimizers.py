"""Optimizers from their configuration, and what a step of each does."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from ablation.training.optimizers import averaged, build, take_average

from ablation.study.settings import OptimizerSettings
from ablation.training.config import OptimizerConfig


def config(**changes: Any) -> OptimizerConfig:
    known = {
        "algorithm": "sgd",
        "learning_rate": 0.1,
        "momentum": 0.0,
        "nesterov": False,
        "schedule": "constant",
        "warmup": 0.0,
    }
    return OptimizerSettings.model_validate(known | changes).effective()


def descend(optimizer: keras.optimizers.Optimizer, steps: int) -> list[float]:
    """Where a variable that starts at 1 stands after each step with slope 1."""
    variable = keras.Variable(1.0)
    places = []
    for _ in range(steps):
        optimizer.apply([keras.ops.ones(())], [variable])
        places.append(float(keras.ops.convert_to_numpy(variable.value)))
    return places


def test_sgd_steps_by_its_rate() -> None:
    assert descend(build(config(), 3), 3) == pytest.approx([0.9, 0.8, 0.7])


def test_momentum_adds_the_steps_before() -> None:
    # velocity .1, .19, .271
    places = descend(build(config(momentum=0.9), 3), 3)
    assert places == pytest.approx([0.9, 0.71, 0.439])


def test_nesterov_looks_ahead() -> None:
    # velocity .1, .19, .271; each step is .9 velocity + .1
    places = descend(build(config(momentum=0.9, nesterov=True), 3), 3)
    assert places == pytest.approx([0.81, 0.539, 0.1951])


def test_adam_s_steps_are_its_rate_for_a_constant_slope() -> None:
    optimizer = build(config(algorithm="adam", learning_rate=0.001), 3)
    assert isinstance(optimizer, keras.optimizers.Adam)
    assert descend(optimizer, 3) == pytest.approx([0.999, 0.998, 0.997], rel=1e-5)


def rates(schedule: Any, steps: int) -> list[float]:
    return [float(keras.ops.convert_to_numpy(schedule(step))) for step in range(steps + 1)]


def test_a_constant_rate_is_a_number() -> None:
    assert float(build(config(), 100).learning_rate) == pytest.approx(0.1)


@pytest.mark.parametrize("algorithm", ["sgd", "adam"])
def test_a_cosine_ends_with_the_run(algorithm: str) -> None:
    optimizer = build(config(algorithm=algorithm, schedule="cosine"), 100)
    values = rates(optimizer._learning_rate, 100)
    expected = 0.1 * (1 + np.cos(np.pi * np.arange(101) / 100)) / 2
    np.testing.assert_allclose(values, expected, atol=1e-7)


def test_a_warm_up_rises_from_0_then_falls() -> None:
    values = rates(build(config(schedule="cosine", warmup=0.2), 100)._learning_rate, 100)
    np.testing.assert_allclose(values[:21], np.linspace(0, 0.1, 21), atol=1e-7)
    expected = 0.1 * (1 + np.cos(np.pi * np.arange(81) / 80)) / 2
    np.testing.assert_allclose(values[20:], expected, atol=1e-7)


@pytest.mark.parametrize("warmup", [0.0, 0.5, 0.99])
def test_a_run_of_one_step_has_a_schedule_too(warmup: float) -> None:
    optimizer = build(config(schedule="cosine", warmup=warmup), 1)
    assert np.isfinite(descend(optimizer, 1)).all()


def test_the_average_of_the_weights_by_hand() -> None:
    optimizer = build(config(), 3, average_weights=0.9)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.ones((1, 1), np.float32)])
    model.compile(optimizer=optimizer)
    for _ in range(3):  # 0.9, 0.8, 0.7: the average starts at the first
        optimizer.apply([keras.ops.ones((1, 1))], model.trainable_variables)
    with averaged(model):
        inside = model.get_weights()[0].item()
    assert inside == pytest.approx(0.9 * (0.9 * 0.9 + 0.1 * 0.8) + 0.1 * 0.7)
    assert model.get_weights()[0].item() == pytest.approx(0.7)
    take_average(model)
    assert model.get_weights()[0].item() == pytest.approx(inside)


def test_without_an_average_nothing_is_exchanged() -> None:
    optimizer = build(config(), 3)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(optimizer=optimizer)
    before = model.get_weights()[0].item()
    take_average(model)
    with averaged(model):
        assert model.get_weights()[0].item() == before
