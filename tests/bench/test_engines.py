"""The work of a training step, of which an engine's speed is told, and that sides are measured."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ablation.networks import architectures
from ablation.networks.config import CnnConfig
from ablation.study import costs
from ablation.study.resolution import Resolved
from bench.engines import SIDES, training_multiply_adds
from bench.processes import child


@pytest.mark.parametrize("name", ["simple", "baseline", "head_512_32"])
def test_a_step_is_three_forward_passes_but_for_the_gradient_of_the_images(
    name: str, resolved: Callable[[str], Resolved]
) -> None:
    arm = resolved("smoke").arms[name]
    assert isinstance(arm.model, CnnConfig)
    size = arm.image_size // arm.input.downscale
    first = size**2 * arm.model.kernel**2 * arm.model.blocks[0][0]
    work = training_multiply_adds(architectures.build(arm, 0, None))
    assert work == 3 * costs.multiply_adds(arm) - first


def test_frozen_first_layers_cost_the_forward_pass_alone(
    resolved: Callable[[str], Resolved],
) -> None:
    arm = resolved("smoke").arms["vgg_raw"]
    free, frozen = (
        arm.model_copy(
            update={"model": arm.model.model_copy(update={"weights": None, "frozen_layers": n})}
        )
        for n in (0, 3)  # the input and two convolutions
    )
    of_free, of_frozen = (
        training_multiply_adds(architectures.build(a, 0, None)) for a in (free, frozen)
    )
    side, filters = arm.image_size // arm.input.downscale, 64
    one, two, three = (9 * side**2 * 3 * filters, 9 * side**2 * filters**2, 9 * side**2 // 4 * 8192)
    assert of_free - of_frozen == one + 2 * two + three


@pytest.mark.slow
@pytest.mark.parametrize("side", ["tensorflow fit", "jax compiled"])
def test_a_side_is_measured_in_a_process_of_its_own(side: str) -> None:
    assert side in SIDES
    measured = child("bench.engines", "smoke", "simple", side)
    assert measured["images_per_second"] > 0
    assert measured["share"] > 0
