"""What the input layers of a network make of an image."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest

from ablation.networks import architectures
from ablation.reporting.input_steps import input_steps
from ablation.training.config import ArmConfig

Arm = Callable[..., ArmConfig]


def network(arm: ArmConfig) -> keras.Model:
    return architectures.build(arm, 0, None)


@pytest.mark.parametrize(
    ("change", "steps"),
    [
        ({}, ["raw", "scaled"]),
        ({"downscale": 2, "pad": 8}, ["raw", "scaled", "downscaled", "padded"]),
        (
            {"downscale": 2, "threshold": 0.5, "pad": 8},
            ["raw", "scaled", "downscaled", "thresholded", "padded"],
        ),
    ],
)
def test_input_steps_are_shown_in_order(
    change: dict[str, object], steps: list[str], tiny_arm: Arm
) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 12, 12)).astype(np.uint8)
    shown = input_steps(network(tiny_arm({"input": change})), images)
    assert list(shown) == steps
    np.testing.assert_array_equal(shown["raw"], images)
    np.testing.assert_allclose(shown["scaled"], images / 255.0, atol=1e-6)
    assert all(step.dtype == np.float32 and step.shape[0] == 3 for step in shown.values())
    if "padded" in shown:
        assert shown["padded"].shape == (3, 8, 8)
        assert not shown["padded"][:, 0].any()
    if "thresholded" in shown:
        values = shown["thresholded"]
        assert values[values > 0].min() >= 0.5


def test_input_steps_of_half_precision_are_plain_numbers(tiny_arm: Arm) -> None:
    arm = tiny_arm({"precision": "mixed_bfloat16"})
    shown = input_steps(network(arm), np.full((1, 12, 12), 255, np.uint8))
    assert shown["scaled"].dtype == np.float32
    assert (shown["scaled"] == 1.0).all()


def test_the_input_layers_alone_do_what_they_do_in_the_network(tiny_arm: Arm) -> None:
    arm = tiny_arm({"input": {"threshold": 0.5, "pad": 16}})
    images = np.random.default_rng(0).integers(0, 256, (3, 12, 12)).astype(np.uint8)
    whole, alone = (
        input_steps(model, images) for model in (network(arm), architectures.input_layers(arm))
    )
    assert list(whole) == list(alone)
    for step in whole:
        np.testing.assert_array_equal(whole[step], alone[step])
