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

from ablation.networks.config import CnnConfig
from ablation.study.resolution import Resolved
from ablation.training.config import ArmConfig
from tests.conftest import merged

ROOT = Path(__file__).resolve().parents[2]
TOLERANCE = 1e-4  # of the first loss, between 2 and 5: the same network on the same batch
# Of the change that a step makes. Rounding decides which ReLU is on, and normalization over a batch
# of eight enlarges it to 0.5%; a gradient that lacks a part is off by far more.
OF_THE_CHANGE = 0.01
OTHERS = [
    "jax",
    pytest.param("torch", marks=pytest.mark.skipif(not find_spec("torch"), reason="no torch here")),
]
Steps = dict[str, dict[str, Any]]


def certain(arm: ArmConfig) -> dict[str, Any]:
    """Changes of its network: each backend draws its own masks, so nothing drops out."""
    if isinstance(arm.model, CnnConfig):
        zeros = [0.0] * len(arm.model.blocks)
        return {"spatial_dropout": zeros, "dropout": zeros, "dense_dropout": 0.0}
    return {"dense_dropout": 0.0, "weights": None}


def two_steps(arm: ArmConfig, backend: str) -> dict[str, Any]:
    """The arm for two epochs of one step on eight images."""
    return merged(
        arm.model_dump(mode="json"),
        {
            "model": certain(arm),
            "train": {
                "backend": backend,
                "engine": "steps",
                "epochs": 2,
                "images": 8,
                "images_per_epoch": 8,
                "batch_size": 8,
                "measured_images": 8,
                # At once at the full rate: a first step of a warmup changes nothing.
                "optimizer": {"schedule": "constant", "warmup": None},
            },
        },
    )


@pytest.fixture(scope="module")
def steps_under(
    tmp_path_factory: pytest.TempPathFactory, resolved: Callable[[str], Resolved]
) -> Callable[[str], Steps]:
    """Each arm's initial weights and losses of two steps under a backend."""
    folder = tmp_path_factory.mktemp("steps")

    @cache
    def steps(backend: str) -> Steps:
        arms, out = folder / f"{backend} arms.json", folder / f"{backend}.json"
        known = resolved("smoke").arms.items()
        arms.write_text(json.dumps({name: two_steps(arm, backend) for name, arm in known}))
        under(backend, "tests.training.one_step", str(arms), str(out))
        return json.loads(out.read_text())

    return steps


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHERS)
def test_each_arm_starts_as_under_tensorflow_and_its_steps_have_the_same_loss(
    backend: str, steps_under: Callable[[str], Steps], resolved: Callable[[str], Resolved]
) -> None:
    steps = steps_under(backend)
    assert steps.keys() == resolved("smoke").arms.keys()
    for name, ours in steps.items():
        theirs = steps_under("tensorflow")[name]
        assert ours["weights"] == theirs["weights"], name  # to the bit, and nothing was copied
        first, second = theirs["losses"]
        change = abs(second - first)
        assert change > 0.005, f"{name}: a step changed its loss by {change} only"
        assert abs(ours["losses"][0] - first) <= TOLERANCE, name
        assert abs(ours["losses"][1] - second) <= OF_THE_CHANGE * change, name


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHERS)
def test_a_run_is_repeatable_and_goes_on_where_it_was_interrupted(backend: str) -> None:
    """By either engine under JAX."""
    files = ["tests/training/test_loop.py"]
    if backend == "jax":
        files.append("tests/training/test_engines.py")
    assert " passed" in under(backend, "pytest", "-q", *files)


def under(backend: str, *module: str) -> str:
    """What the module says in a fresh process, which imports that backend."""
    done = subprocess.run(
        [sys.executable, "-m", *module],
        cwd=ROOT, env=os.environ | {"KERAS_BACKEND": backend}, check=False, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout
