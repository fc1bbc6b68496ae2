"""The cost of a run, by hand and from the network that Keras builds."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from ablation.study.costs import multiply_adds
from ablation.study.resolution import Resolved
from ablation.training.config import ArmConfig
from tests.params import ARMS

Arm = Callable[..., ArmConfig]

THREE = {"spatial_dropout": [0.0] * 3, "dropout": [0.0] * 3}


def test_a_tiny_network_by_hand(tiny_arm: Arm) -> None:
    # 12 px; convolutions of 4 and 4, then at 6 px one of 8; 3 * 3 * 8 values, dense 12, 10 classes
    convolutions = 144 * 9 * (1 * 4 + 4 * 4) + 36 * 9 * 4 * 8
    assert multiply_adds(tiny_arm()) == convolutions + 72 * 12 + 12 * 10


@pytest.mark.parametrize(
    ("change", "by_hand"),
    [
        ({"input": {"downscale": 2}}, 36 * 9 * (4 + 16) + 9 * 9 * 32 + 8 * 12 + 120),
        ({"input": {"pad": 16}}, 256 * 9 * (4 + 16) + 64 * 9 * 32 + 128 * 12 + 120),
        ({"model": {"kernel": 1}}, 144 * (4 + 16) + 36 * 32 + 72 * 12 + 120),
        # projections from 1 channel to 4, and from 4 to 8
        (
            {"model": {"residual": "postactivation"}},
            144 * (9 * 20 + 4) + 36 * (9 * 32 + 32) + 72 * 12 + 120,
        ),
        ({"model": {"dense": []}}, 144 * 9 * 20 + 36 * 9 * 32 + 72 * 10),
        ({"model": {"dense": [5, 7]}}, 144 * 9 * 20 + 36 * 9 * 32 + 72 * 5 + 35 + 70),
        ({"model": {"blocks": [[1, 1], [1]]}}, 144 * 9 * 2 + 36 * 9 + 9 * 12 + 120),  # at least one filter
    ],
)
def test_variations_by_hand(tiny_arm: Arm, change: dict[str, Any], by_hand: int) -> None:
    assert multiply_adds(tiny_arm(change)) == by_hand


def test_vgg16_at_its_own_size_costs_what_is_known_of_it(
    resolved: Callable[[str], Resolved],
) -> None:
    arm = resolved("paper").arms["vgg_augmented"]
    assert arm.input.pad == 224
    dense = 7 * 7 * 512 * 1024 + 1024 * 1024 + 1024 * 10
    assert multiply_adds(arm) - dense == 15_346_630_656  # VGG-16's convolutions at 224 px


def counted(arm: ArmConfig) -> int:
    """Multiply-adds from the layers of the network as built."""
    import keras

    from ablation.networks.architectures import build

    change = {"weights": None} if arm.model.pretrained else {}
    arm = arm.model_copy(update={"model": arm.model.model_copy(update=change)})
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
    assert multiply_adds(study.arms[name]) == counted(study.arms[name])
    assert study.study.multiply_adds[name] == multiply_adds(study.arms[name])


def test_so_is_vgg19_s(vgg19_arm: ArmConfig, resolved: Callable[[str], Resolved]) -> None:
    assert multiply_adds(vgg19_arm) == counted(vgg19_arm)
    # Three convolutions more, one in each of blocks 3 to 5, at 8, 4 and 2 px.
    more = 9 * (64 * 256**2 + 16 * 512**2 + 4 * 512**2)
    raw = resolved("smoke").arms["vgg_raw"]
    assert multiply_adds(vgg19_arm) - multiply_adds(raw) == more


STEM = {"filters": 8, "kernel": 5, "stride": 2}


@pytest.mark.parametrize("change", [
    {"stem": STEM, "blocks": [[8, 8], [8], [16, 16]], "pools": [1, 2, 1], **THREE},
    {"stem": STEM, "residual": "preactivation", "head": "largest"},
    {"stem": {**STEM, "stride": 5}, "pools": [1, 2], "head": "average"},
])  # fmt: skip
def test_so_is_that_of_one_with_a_stem(tiny_arm: Arm, change: dict[str, Any]) -> None:
    arm = tiny_arm({"model": change})
    assert multiply_adds(arm) == counted(arm)


def test_the_cost_of_a_residual_network_is_that_of_the_network_as_built(tiny_arm: Arm) -> None:
    arm = tiny_arm(
        {
            "model": {
                "residual": "postactivation",
                "blocks": [[8, 8], [8], [16, 16]],
                "pools": [2, 2, 2],
                **THREE,
            }
        }
    )
    assert multiply_adds(arm) == counted(arm)


def test_so_is_the_baseline_s_at_laptop_scale(resolved: Callable[[str], Resolved]) -> None:
    arm = resolved("laptop").arms["baseline"]
    assert multiply_adds(arm) == counted(arm)
