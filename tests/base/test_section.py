"""A number that cannot work is refused, and those of the study are not."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ablation.study.checks import ConfigError
from ablation.study.resolution import resolve

HUGE = [
    ("train", "epochs", 2**63),
    ("train", "epochs", 10_001),
    ("train", "images", 1_000_000_000),
    ("train", "images_per_epoch", 2**31),
    ("train", "batch_size", 10**9),
    ("train", "measured_images", 2**40),
    ("train", "threads", 10**9),
    ("train.optimizers.sgd_nesterov", "learning_rate", 1e6),
    ("model.cnn", "kernel", 33),
    ("model.cnn", "dense", [2**63]),
    ("model.cnn", "dense", [1] * 33),
    ("model.cnn", "blocks", [[2**20], [1], [1]]),
    ("model.cnn", "blocks", [[1] * 65, [1], [1]]),
    ("model.cnn", "width", 62_500.0),
    ("model.cnn", "width", 1e308),
    ("input", "pad", 5000),
    ("input", "downscale", 5000),
]


@pytest.mark.parametrize(("section", "key", "value"), HUGE, ids=str)
def test_what_no_machine_trains_is_one_line(
    section: str, key: str, value: object, params: dict[str, Any]
) -> None:
    change: dict[str, Any] = {key: value}
    for part in reversed(section.split(".")):
        change = {part: change}
    params["arms"]["huge"] = {"label": "huge", "extends": "baseline", **change}
    with pytest.raises(
        ConfigError,
        match=rf"{key if key != 'width' else 'width|blocks'}.*"
        r"( \(arm huge\): (should|List)|; allowed: an integer of 64 bits)",
    ) as error:
        resolve(params)
    assert "\n" not in str(error.value)


def test_a_factor_of_a_penalty_is_bounded(params: dict[str, Any]) -> None:
    cnn = copy.deepcopy(params["model"]["cnn"])
    params["model"]["cnn"] = cnn | {"regularizer": "l2", "regularization": 1e4}
    with pytest.raises(ConfigError, match="regularization"):
        resolve(params)
