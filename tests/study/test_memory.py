"""What a study takes of memory at least, and that more than the machine has is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ablation.study.checks import ConfigError
from ablation.study.memory import check_memory, image_bytes, machine_bytes, step_bytes
from ablation.study.resolution import Resolved, resolve
from ablation.training.config import ArmConfig
from tests.params import Tree, put

GIB = 1 << 30


def test_a_step_s_memory_is_its_weights_and_what_layers_leave(
    tiny_arm: Callable[..., ArmConfig],
) -> None:
    arm = tiny_arm({"model": {"width": 1.0, "batch_normalization": False}})
    weights = 9 * 8 + 9 * 64 + 9 * 8 * 16 + 9 * 16 * 12 + 12 * 10
    left = 2 * 144 * 8 + 36 * 16 + 12 + 10
    assert step_bytes(arm, judged=1) == 4 * (2 * weights + 8 * left)
    assert step_bytes(arm, judged=1000) == 4 * (weights + 1000 * 144 * 8)


def test_the_images_that_are_composed_are_held_at_once(
    resolved: Callable[[str], Resolved],
) -> None:
    assert image_bytes(resolved("paper").data) == 50_000 * 128 * 128


@pytest.mark.parametrize("scale", ["smoke", "laptop", "half", "paper"])
def test_every_scale_of_the_study_fits_eight_gigabytes(
    resolved: Callable[[str], Resolved], scale: str
) -> None:
    study = resolved(scale)
    check_memory(study.data, study.arms, study.evaluation.batch_size, 8 * GIB)


TOO_MUCH = [
    ("costly_arms.vgg_raw.input.pad", 3600, "arm vgg_raw in a step"),
    ("scales.smoke.model.cnn.width", 60.0, "in a step"),
    ("model.cnn.dense", [60_000, 60_000], "in a step"),
]


@pytest.mark.parametrize(("path", "value", "told"), TOO_MUCH, ids=[one[0] for one in TOO_MUCH])
def test_what_the_machine_cannot_hold_is_told(
    params: Tree, path: str, value: object, told: str
) -> None:
    put(params, path, value)
    study = resolve(params)
    with pytest.raises(ConfigError, match=told) as error:
        check_memory(study.data, study.arms, study.evaluation.batch_size, 16 * GIB)
    assert "GiB and this machine has 16.0" in str(error.value)
    assert "FORCE=1" in str(error.value)


def test_this_machine_has_memory() -> None:
    assert machine_bytes() > GIB // 4
