"""The cost of a run, by hand and from the network that Keras builds."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from ablation.networks.config import NetworkConfig
from ablation.study.costs import multiply_adds
from ablation.study.resolution import Resolved
from ablation.training.config import ArmConfig
from tests.params import ARMS


def test_a_tiny_network_by_hand(tiny_arm: Callable[..., ArmConfig]) -> None:
    # 12 px; convolutions of 4 and 4, then at 6 px one of 8; 3 * 3 * 8 values, dense 12, 10 classes
    convolutions = 144 * 9 * (1 * 4 + 4 * 4) + 36 * 9 * 4 * 8
    assert multiply_adds(tiny_arm()) == convolutions + 72 * 12 + 12 * 10


def test_vgg16_at_its_own_size_costs_what_is_known_of_it(
    resolved: Callable[[str], Resolved],
) -> None:
    arm = resolved("paper").arms["vgg_augmented"]
    assert arm.input.pad == 224
    dense = 7 * 7 * 512 * 1024 + 1024 * 1024 + 1024 * 10
    assert multiply_adds(arm) - dense == 15_346_630_656  # VGG-16's convolutions at 224 px


def counted(arm: NetworkConfig) -> int:
    """Multiply-adds from the layers of the network as built."""
    import keras

    from ablation.networks.architectures import build

    total = 0
    for layer in build(arm, 0, None).layers:
        if isinstance(layer, keras.layers.Conv2D):
            total += math.prod(layer.output.shape[1:3]) * math.prod(layer.kernel.shape)
        elif isinstance(layer, keras.layers.Dense):
            total += math.prod(layer.kernel.shape)
    return total


@pytest.mark.parametrize("name", ARMS)
def test_the_cost_is_that_of_the_network_as_built(
    name: str, resolved: Callable[[str], Resolved]
) -> None:
    study = resolved("smoke")
    assert study.study.multiply_adds[name] == counted(study.arms[name])
