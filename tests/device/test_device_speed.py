"""The work of a training step, which the driver's speed is told as a share of."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ablation.networks.config import CnnConfig
from ablation.study import costs
from ablation.study.resolution import Resolved
from ablation.training.loop import network
from device.speed import training_multiply_adds


@pytest.mark.parametrize("name", ["simple", "baseline", "head_512_32"])
def test_a_step_is_three_forward_passes_but_for_the_gradient_of_the_images(
    name: str, resolved: Callable[[str], Resolved]
) -> None:
    arm = resolved("smoke").arms[name]
    assert isinstance(arm.model, CnnConfig)
    size = arm.input.pad or arm.image_size // arm.input.downscale
    filters = max(1, round(arm.model.blocks[0][0] * arm.model.width))
    first = size**2 * arm.model.kernel**2 * filters
    work = training_multiply_adds(network(arm, 0, None))
    assert work == 3 * costs.multiply_adds(arm) - first


def test_frozen_first_layers_cost_their_forward_pass_alone(
    resolved: Callable[[str], Resolved],
) -> None:
    arm = resolved("smoke").arms["baseline"]
    model = network(arm, 0, None)
    for layer in model.layers:
        layer.trainable = False
    assert training_multiply_adds(model) == costs.multiply_adds(arm)
    logits = model.get_layer("logits")
    logits.trainable = True
    last = int(logits.kernel.shape[0] * logits.kernel.shape[1])
    assert training_multiply_adds(model) == costs.multiply_adds(arm) + last
