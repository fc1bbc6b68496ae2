"""What a network is, layer by layer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from ablation.networks import architectures
from ablation.study.resolution import Resolved
from ablation.training import summary
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
