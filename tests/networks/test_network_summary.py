"""What a network is, layer by layer, and what its input layers make of an image."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from ablation.networks import architectures, summary
from ablation.study.resolution import Resolved
from ablation.training.config import ArmConfig

Arm = Callable[..., ArmConfig]


def network(arm: ArmConfig) -> keras.Model:
    return architectures.build(arm, 0, None)


def test_layers_are_told_with_shape_and_parameters(tiny_arm: Arm) -> None:
    model = network(tiny_arm())
    rows = summary.layers(model)
    assert [row["layer"] for row in rows] == [layer.name for layer in model.layers]
    assert sum(row["parameters"] for row in rows) == model.count_params()
    by_name = {row["layer"]: row for row in rows}
    assert by_name["images"]["output_shape"] == "(n, 12, 12)"
    assert by_name["conv_1"] == {
        "layer": "conv_1",
        "type": "Conv2D",
        "output_shape": "(n, 12, 12, 4)",
        "parameters": 9 * 4,
        "trainable": True,
    }
    assert by_name["normalization_1"]["type"] == "BatchNormalization"
    assert by_name["normalization_1"]["parameters"] == 4 * 4
    assert by_name["pool_1"] == {
        "layer": "pool_1",
        "type": "MaxPooling2D",
        "output_shape": "(n, 6, 6, 4)",
        "parameters": 0,
        "trainable": False,
    }
    assert by_name["logits"]["parameters"] == 12 * 10 + 10


def test_frozen_layers_are_told(resolved: Callable[[str], Resolved]) -> None:
    arm = resolved("smoke").arms["vgg_raw"]
    arm = arm.model_copy(update={"model": arm.model.model_copy(update={"weights": None})})
    rows = {row["layer"]: row for row in summary.layers(network(arm))}
    frozen = {n for n, row in rows.items() if row["parameters"] and not row["trainable"]}
    assert frozen == {"block1_conv1", "block1_conv2", "block2_conv1"}


def test_a_network_saved_without_its_training_state_is_smaller_and_the_same(
    tmp_path: Path, tiny_arm: Arm
) -> None:
    model = network(tiny_arm({"model": {"dense": [512]}}))
    model.compile(keras.optimizers.Adam(), "mse")
    images = np.random.default_rng(0).integers(0, 256, (8, 12, 12)).astype(np.uint8)
    model.fit(images, np.zeros((8, 10), np.float32), verbose=0)
    bare = summary.without_training_state(model)
    model.save(tmp_path / "whole.keras")
    bare.save(tmp_path / "bare.keras")
    sizes = [(tmp_path / f"{name}.keras").stat().st_size for name in ("whole", "bare")]
    assert sizes[1] < 0.6 * sizes[0]  # Adam keeps two numbers a weight
    loaded = keras.saving.load_model(tmp_path / "bare.keras")
    for weight, other in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, other)
    assert loaded.name == model.name


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
    shown = summary.input_steps(network(tiny_arm({"input": change})), images)
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
    shown = summary.input_steps(network(arm), np.full((1, 12, 12), 255, np.uint8))
    assert shown["scaled"].dtype == np.float32
    assert (shown["scaled"] == 1.0).all()
