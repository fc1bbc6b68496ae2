"""The table of divergences from the paper, held against params.yaml and the networks as built."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest
import yaml

from ablation.networks.architectures import build
from ablation.study.resolution import Resolved
from tests.params import PAPER, PARAMS

TABLE = (Path(__file__).resolve().parents[2] / "docs/divergences.md").read_text(encoding="utf-8")
STATED = re.findall(r"`([a-z0-9_.]+) = ([^`]+)`", TABLE)


@pytest.mark.parametrize(("key", "value"), STATED, ids=[key for key, _ in STATED])
def test_what_the_table_says_of_params_yaml_stands_there(key: str, value: str) -> None:
    node: Any = PARAMS | PAPER
    for part in key.split("."):
        node = node[part]
    assert node == yaml.safe_load(value)


def test_the_optimizers_have_one_schedule_as_the_table_says() -> None:
    schedules = {(o["schedule"], o["warmup"]) for o in PARAMS["train"]["optimizers"].values()}
    assert len(PARAMS["train"]["optimizers"]) == 4
    assert len(schedules) == 1


@pytest.fixture(scope="module")
def networks(resolved: Callable[[str], Resolved]) -> dict[str, keras.Model]:
    """The networks that the table speaks of, built without weights that must be fetched."""
    arms = resolved("smoke").arms
    return {
        name: build(arms[name], 0, None) for name in ("baseline", "simple", "l1", "l2", "vgg_raw")
    }


def weighted(network: keras.Model) -> list[keras.layers.Layer]:
    kinds = (keras.layers.Conv2D, keras.layers.Dense)
    return [layer for layer in network.layers if isinstance(layer, kinds)]


@pytest.mark.parametrize(("name", "channels"), [("baseline", 1), ("simple", 1), ("vgg_raw", 3)])
def test_the_cnn_sees_one_grey_channel(
    networks: dict[str, keras.Model], name: str, channels: int
) -> None:
    assert networks[name].input.ndim == 3  # (n, side, side): no channel at all
    assert weighted(networks[name])[0].kernel.shape[2] == channels


def test_there_is_no_bias_before_a_normalization_and_one_elsewhere(
    networks: dict[str, keras.Model],
) -> None:
    *normalized, logits = weighted(networks["baseline"])
    assert normalized
    assert not any(layer.use_bias for layer in normalized)
    assert logits.use_bias
    assert all(layer.use_bias for layer in weighted(networks["simple"]))


def test_the_kernels_alone_are_regularized_and_all_of_them(
    networks: dict[str, keras.Model],
) -> None:
    for name in ("l1", "l2"):
        for layer in weighted(networks[name]):
            assert layer.kernel_regularizer is not None
            assert layer.bias_regularizer is None
    assert not any(layer.kernel_regularizer for layer in weighted(networks["baseline"]))


def test_vgg_has_one_flattening(networks: dict[str, keras.Model]) -> None:
    kinds = [type(layer).__name__ for layer in networks["vgg_raw"].layers]
    assert kinds.count("Flatten") == 1
