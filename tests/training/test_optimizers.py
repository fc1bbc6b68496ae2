"""Optimizers from their configuration, and what a step of each does."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from ablation.training.config import AdamConfig, MuonConfig, OptimizerConfig, SgdConfig
from ablation.training.loop import build_optimizer, learning_rate
from tests.conftest import ADAM


def sgd(**changes: Any) -> SgdConfig:
    plain: dict[str, Any] = {"learning_rate": 0.1, "momentum": 0.0, "nesterov": False}
    constant: dict[str, Any] = {"schedule": "constant", "warmup": None, "decay": None}
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
    schedule: Any = learning_rate(config, steps)
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


def test_a_trapezoid_rises_stays_and_falls_to_0() -> None:
    values = rates(adam(learning_rate=0.1, schedule="trapezoid", warmup=0.2, decay=0.5), 10)
    expected = [0.0, 0.05, 0.1, 0.1, 0.1, 0.1, 0.08, 0.06, 0.04, 0.02, 0.0]
    np.testing.assert_allclose(values, expected, atol=1e-7)
    level = rates(adam(learning_rate=0.1, schedule="trapezoid", warmup=0.0, decay=0.0), 10)
    np.testing.assert_allclose(level, 0.1, atol=1e-7)


@pytest.mark.parametrize("shape", [(3, 3, 4, 8), (5, 5, 1, 64)])
def test_a_step_of_muon_is_orthogonal_for_kernels_and_adam_s_for_all_else(
    shape: tuple[int, ...],
) -> None:
    config = MuonConfig(
        algorithm="muon", learning_rate=0.01, momentum=0.9, schedule="constant", warmup=None,
        decay=None,
    )  # fmt: skip
    rng = np.random.default_rng(1)
    gradients = [rng.standard_normal(shape).astype(np.float32)]
    gradients += [rng.choice([-1, 1], other).astype(np.float32) for other in ((1, 1, 8, 10), (8,))]
    optimizer = build_optimizer(config, 10)
    variables = [keras.Variable(np.zeros_like(gradient)) for gradient in gradients]
    optimizer.apply([keras.ops.convert_to_tensor(g) for g in gradients], variables)
    kernel, *others = (keras.ops.convert_to_numpy(v.value) for v in variables)
    matrix = kernel.reshape(-1, shape[-1])
    # Its size is that of Adam's steps, of which Liu et al. have measured 0.2 of the rate.
    singular = np.linalg.svd(matrix, compute_uv=False) / (0.01 * 0.2 * max(matrix.shape) ** 0.5)
    assert (singular > 0.6).all()
    assert (singular < 1.3).all()
    for gradient, other in zip(gradients[1:], others, strict=True):
        np.testing.assert_allclose(other, -0.01 * gradient, rtol=1e-5)
