"""Every arm trains alike under TensorFlow and JAX, and a run under JAX keeps its promises."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ablation.config.arm import ArmConfig
from ablation.resolution import Resolved
from tests.conftest import merged

ROOT = Path(__file__).parent.parent
# Each backend draws its own masks from a seed, so what drops out is left out here.
CERTAIN: dict[str, dict[str, Any]] = {
    "cnn": {"dropout_factor": 0.0},
    "vgg16": {"dense_dropout": 0.0, "weights": "none"},
}
TOLERANCE = 1e-4  # of the first loss, between 2 and 5: the same network on the same batch
# Of the change that a step makes. Rounding decides which ReLU is on, and normalization over a batch
# of eight enlarges it to 0.1%; a gradient that lacks a part is off by far more.
OF_THE_CHANGE = 0.01


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


@pytest.mark.slow
def test_a_step_of_each_arm_has_the_same_loss_under_tensorflow_and_jax(
    tmp_path: Path, resolved: Callable[[str], Resolved]
) -> None:
    arms = {name: two_steps(arm) for name, arm in resolved("smoke").arms.items()}
    (tmp_path / "arms.json").write_text(json.dumps(arms))
    losses = {}
    for backend in ("tensorflow", "jax"):
        out = tmp_path / f"{backend}.json"
        under(backend, "tests.one_step", str(tmp_path), str(out))
        losses[backend] = json.loads(out.read_text())
    assert losses["jax"].keys() == arms.keys()
    for name, ours in losses["jax"].items():
        theirs = losses["tensorflow"][name]
        change = abs(theirs[1] - theirs[0])
        assert change > 0.005, f"{name}: a step changed its loss by {change} only"
        assert abs(ours[0] - theirs[0]) <= TOLERANCE, name
        assert abs(ours[1] - theirs[1]) <= OF_THE_CHANGE * change, name


@pytest.mark.slow
def test_a_run_under_jax_is_repeatable_and_goes_on_where_it_was_interrupted() -> None:
    assert " passed" in under("jax", "pytest", "-q", "tests/test_training.py")


def under(backend: str, *module: str) -> str:
    """What the module says in a fresh process, which imports that backend."""
    done = subprocess.run(
        [sys.executable, "-m", *module],
        cwd=ROOT, env=os.environ | {"KERAS_BACKEND": backend}, check=False, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout
