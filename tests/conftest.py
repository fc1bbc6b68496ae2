"""What the tests share: one thread for the frameworks, tame hypothesis, and tiny arms."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from ablation.training.config import AdamConfig, ArmConfig
from ablation.training.framework import limit
from tests.params import PAPER, PARAMS, Tree

if TYPE_CHECKING:
    from ablation.study.resolution import Resolved

limit(1)  # before anything imports a framework
# Where tests run under JAX most of their time is XLA's; less of its work gives the same numbers but
# for rounding, and repeats and resumes to the bit alike.
os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"

# Every process that a test starts leaves compiled code beside the code, as on a user's machine.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(autouse=True)
def _backend_is_not_handed_on() -> Iterator[None]:
    """What a test's `framework.start` sets is of its own process, not of those that later start."""
    before = os.environ.get("KERAS_BACKEND")
    yield
    if before is None:
        os.environ.pop("KERAS_BACKEND", None)


settings.register_profile("suite", derandomize=True, deadline=None, database=None, max_examples=50)
settings.load_profile("suite")


def merged(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """`base` with the leaves of `change`."""
    result = dict(base)
    for key, value in change.items():
        deeper = isinstance(value, dict) and isinstance(base.get(key), dict)
        result[key] = merged(base[key], value) if deeper else value
    return result


@pytest.fixture
def params() -> Tree:
    """The project's own params.yaml, at smoke scale with one seed, to be changed freely."""
    return copy.deepcopy(PARAMS) | {"scale": "smoke", "seeds": [0], "costly_seeds": [0]}


@pytest.fixture
def paper() -> Tree:
    """The project's own paper.yaml, to be changed freely."""
    return copy.deepcopy(PAPER)


@pytest.fixture(scope="session")
def resolved() -> Callable[[str], Resolved]:
    """The project's own params.yaml resolved at a scale."""
    from ablation.study.resolution import resolve

    return lambda scale: resolve(copy.deepcopy(PARAMS) | {"scale": scale}, PAPER)


TINY: dict[str, Any] = {
    "image_size": 12, "precision": "float32",
    "input": {
        "set": "modified", "downscale": 1, "threshold": None, "pad": None, "scaling": "unit",
    },
    "model": {
        "architecture": "cnn", "stem": None, "blocks": [[4, 4], [8]], "pools": [2, 2], "kernel": 3,
        "normalization_momentum": 0.9, "spatial_dropout": [0.2, 0.0], "dropout": [0.0, 0.2],
        "head": "dense", "dense": [12], "dense_dropout": 0.5, "regularizer": None,
    },
    "train": {
        "backend": os.environ.get("KERAS_BACKEND", "tensorflow"), "engine": "steps", "epochs": 2,
        "images": 1000, "images_per_epoch": 1000, "batch_size": 8, "measured_images": 20,
        "threads": 1,
        "optimizer": {
            "algorithm": "sgd", "learning_rate": 0.01, "momentum": 0.9, "nesterov": True,
            "schedule": "constant", "warmup": None, "decay": None,
        },
    },
    "fresh": None,
}  # fmt: skip
# An optimizer with moments and a schedule, where the tiny arm has SGD.
ADAM = AdamConfig(algorithm="adam", learning_rate=0.003, schedule="cosine", warmup=0.1, decay=None)


@pytest.fixture(scope="session")
def tiny_arm() -> Callable[..., ArmConfig]:
    """A CNN for 12 px images that trains in no time; `change` overrides any of its settings."""
    return lambda change=None: ArmConfig.model_validate(merged(TINY, change or {}))
