"""Each kind of arm trains alike under TensorFlow and JAX, and by either engine.

One process under JAX runs what is below, and the tests of the loop.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from ablation.networks import architectures
from ablation.networks.config import VggConfig
from ablation.training.config import ArmConfig, MuonConfig
from ablation.training.loop import Moment, Trained
from tests.conftest import ADAM
from tests.params import ROOT
from tests.training.test_loop import data, noise, run, small

Arm = Callable[..., ArmConfig]

TENSORFLOW_S = "STEPS_UNDER_TENSORFLOW"  # names the file that tells them
IN_JAX = keras.backend.backend() == "jax"
under_jax = pytest.mark.skipif(not IN_JAX, reason="run under JAX by the first test")
LOSS = 1e-4  # of the first loss, between 2 and 5: the same network on the same batch
# Of the change that a step makes. Rounding decides which ReLU is on, and normalization over a batch
# of eight enlarges it to 0.5%; a gradient that lacks a part is off by far more.
OF_THE_CHANGE = 0.01
# Of a number in a history, by two engines that compute the same sums with the same masks. Seen:
# 1.1e-7 of the running loss, else equal to the bit. A step left out changes it by 2e-2.
ENGINE = 1e-5

MUON = MuonConfig(
    algorithm="muon", learning_rate=0.003, momentum=0.9, schedule="trapezoid", warmup=0.0, decay=0.5
)
# All of its convolutions frozen: their gradients would take long to compile.
VGG = VggConfig(architecture="vgg16", weights=None, frozen_layers=19, dense=[8], dense_dropout=0.2)
STEM = {"filters": 4, "kernel": 5, "stride": 2}
# What networks of the study are made of, each in one of these.
ARMS: dict[str, dict[str, Any]] = {
    "baseline": {"model": {"regularizer": {"kind": "l2", "factor": 0.01}}},
    "simple": {
        "model": {"normalization_momentum": None, "spatial_dropout": [0.0, 0.0]},
        "train": {"optimizer": MUON},
    },
    "largest": {
        "model": {"stem": STEM, "head": "largest", "dense": []}, "train": {"optimizer": ADAM}
    },
    "vgg": {"image_size": 32, "input": {"scaling": "imagenet"}, "model": VGG},
}  # fmt: skip


@pytest.mark.skipif(IN_JAX, reason="it starts this")
def test_under_jax(tmp_path: Path, tiny_arm: Arm) -> None:
    told = tmp_path / "steps.json"
    told.write_text(json.dumps({name: two_steps(tiny_arm(ARMS[name]), tmp_path) for name in ARMS}))
    chosen = ["-k", "not (learns or checkpoint or seed or finished or (steps and adam))"]
    files = ["tests/training/test_backends.py", "tests/training/test_loop.py"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", *chosen, *files],
        cwd=ROOT, env=os.environ | {"KERAS_BACKEND": "jax", TENSORFLOW_S: str(told)}, check=False,
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5000:]
    assert done.stdout.count("SKIPPED") == 1, done.stdout  # this one


def two_steps(arm: ArmConfig, folder: Path) -> dict[str, Any]:
    """Initial weights and the loss of two steps on one batch, without dropout.

    Each backend draws masks of its own. The second loss tells of the first step's gradients.
    """
    dropout: dict[str, Any] = {"dense_dropout": 0.0}
    if arm.model.architecture == "cnn":
        dropout |= {key: [0.0] * len(arm.model.blocks) for key in ("dropout", "spatial_dropout")}
    train = {"epochs": 2, "images_per_epoch": 8, "measured_images": 8, "images": 8}
    train |= {"engine": "compiled" if IN_JAX else "steps"}
    arm = arm.model_copy(
        update={
            "model": arm.model.model_copy(update=dropout),
            "train": arm.train.model_copy(update=train),
        }
    )
    digest = hashlib.sha256()
    for array in architectures.build(arm, 0, None).get_weights():
        digest.update(f"{array.shape} {array.dtype}".encode() + array.tobytes())
    name = hashlib.sha256(arm.model_dump_json().encode()).hexdigest()
    trained = run(arm, data(side=arm.image_size), folder / f"{name}.npz")
    return {
        "weights": digest.hexdigest(),
        "losses": [row["running_loss"] for row in trained.history],
    }


@under_jax
@pytest.mark.parametrize("name", ARMS)
def test_an_arm_starts_as_under_tensorflow_and_its_steps_have_the_same_loss(
    name: str, tiny_arm: Arm, tmp_path: Path
) -> None:
    theirs = json.loads(Path(os.environ[TENSORFLOW_S]).read_text())[name]
    ours = two_steps(tiny_arm(ARMS[name]), tmp_path)
    assert ours["weights"] == theirs["weights"]  # to the bit
    first, second = theirs["losses"]
    change = abs(second - first)
    assert change > 0.005
    assert ours["losses"][0] == pytest.approx(first, abs=LOSS)
    assert ours["losses"][1] == pytest.approx(second, abs=OF_THE_CHANGE * change)


def assert_equal_histories(one: Trained, other: Trained) -> None:
    for ours, theirs in zip(one.history, other.history, strict=True):
        assert ours == pytest.approx(theirs, rel=ENGINE)


@under_jax
@pytest.mark.parametrize("name", ["baseline", "largest"])
def test_an_epoch_has_the_same_history_by_either_engine(
    name: str, tiny_arm: Arm, tmp_path: Path
) -> None:
    short = {"epochs": 1, "batch_size": 4, "images_per_epoch": 12, "measured_images": 8}
    arm = tiny_arm(ARMS[name])
    done = []
    for engine in ("steps", "compiled"):
        train = arm.train.model_copy(update={**short, "engine": engine})
        one = arm.model_copy(update={"train": train})
        done.append(run(one, data(side=arm.image_size), tmp_path / f"{engine}.npz"))
    assert_equal_histories(*done)


@under_jax
def test_fresh_images_are_the_same_for_both_engines_and_an_epoch_in_one_call_is_that_of_many(
    tiny_arm: Arm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a GPU: here, where a convolution in a loop is slow, each step is a call of its own."""
    from ablation.training import compiled

    fresh = data(fresh=True)
    steps, apart = (
        run(small(tiny_arm, engine=engine), fresh, tmp_path / f"{engine}.npz")
        for engine in ("steps", "compiled")
    )
    monkeypatch.setattr(compiled, "steps_at_once", lambda steps: steps)
    told: list[Moment] = []
    together = run(small(tiny_arm, engine="compiled"), fresh, tmp_path / "t.npz", told.append)
    assert [moment.share for moment in told] == [1.0] * 4  # an epoch once, and once measured
    assert_equal_histories(apart, steps)
    assert_equal_histories(together, steps)
    fixed = run(small(tiny_arm, engine="compiled"), data(), tmp_path / "fixed.npz")
    assert fixed.history != steps.history


@under_jax
def test_the_gradient_of_the_largest_head_is_finite_where_scores_are_large() -> None:
    from ablation.networks.heads import LargestPresent

    model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(10), LargestPresent()])
    model.compile(keras.optimizers.SGD(1.0), "mse")
    model.layers[0].set_weights([1e4 * np.eye(10, dtype=np.float32), np.zeros(10)])
    model.train_on_batch(noise(np.random.default_rng(0), 8, 10)[0][:, 0], np.zeros((8, 10)))
    assert np.isfinite(model.get_weights()[0]).all()
