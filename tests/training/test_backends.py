"""Every arm trains alike under every backend, and a run under JAX or torch keeps its promises.

The project pins TensorFlow and JAX; torch, which is as large as both, is held to them where a
person has installed it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from ablation.study.resolution import Resolved
from ablation.training.config import ArmConfig
from tests.conftest import merged

ROOT = Path(__file__).resolve().parents[2]
# Each backend draws its own masks from a seed, so what drops out is left out here.
CERTAIN: dict[str, dict[str, Any]] = {
    "cnn": {"dropout_factor": 0.0},
    "vgg16": {"dense_dropout": 0.0, "weights": "none"},
}
TOLERANCE = 1e-4  # of the first loss, between 2 and 5: the same network on the same batch
# Of the change that a step makes. Rounding decides which ReLU is on, and normalization over a batch
# of eight enlarges it to 0.5%; a gradient that lacks a part is off by far more.
OF_THE_CHANGE = 0.01
OTHERS = [
    "jax",
    pytest.param("torch", marks=pytest.mark.skipif(not find_spec("torch"), reason="no torch here")),
]
Losses = dict[str, list[float]]


def two_steps(arm: ArmConfig) -> dict[str, Any]:
    """The arm for two epochs of one step on eight images."""
    return merged(
        arm.model_dump(mode="json"),
        {
            "model": CERTAIN[arm.model.architecture],
            "train": {
                "epochs": 2,
                "images": None,
                "images_per_epoch": None,
                "batch_size": 8,
                "measured_images": 8,
                # At once at the full rate: a first step of a warmup changes nothing.
                "optimizer": {"schedule": "constant", "warmup": 0.0},
            },
        },
    )


@pytest.fixture(scope="module")
def losses_under(
    tmp_path_factory: pytest.TempPathFactory, resolved: Callable[[str], Resolved]
) -> Callable[[str], Losses]:
    """Each arm's losses of two steps under a backend, from the weights that TensorFlow's had."""
    folder = tmp_path_factory.mktemp("steps")
    arms = {name: two_steps(arm) for name, arm in resolved("smoke").arms.items()}
    (folder / "arms.json").write_text(json.dumps(arms))

    @cache
    def losses(backend: str) -> Losses:
        out = folder / f"{backend}.json"
        under(backend, "tests.training.one_step", str(folder), str(out))
        return json.loads(out.read_text())

    losses("tensorflow")
    return losses


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHERS)
def test_a_step_of_each_arm_has_the_same_loss_as_under_tensorflow(
    backend: str, losses_under: Callable[[str], Losses], resolved: Callable[[str], Resolved]
) -> None:
    losses = losses_under(backend)
    assert losses.keys() == resolved("smoke").arms.keys()
    for name, ours in losses.items():
        theirs = losses_under("tensorflow")[name]
        change = abs(theirs[1] - theirs[0])
        assert change > 0.005, f"{name}: a step changed its loss by {change} only"
        assert abs(ours[0] - theirs[0]) <= TOLERANCE, name
        assert abs(ours[1] - theirs[1]) <= OF_THE_CHANGE * change, name


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHERS)
def test_a_run_is_repeatable_and_goes_on_where_it_was_interrupted(backend: str) -> None:
    assert " passed" in under(backend, "pytest", "-q", "tests/test_training.py")


def under(backend: str, *module: str) -> str:
    """What the module says in a fresh process, which imports that backend."""
    done = subprocess.run(
        [sys.executable, "-m", *module],
        cwd=ROOT, env=os.environ | {"KERAS_BACKEND": backend}, check=False, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout
