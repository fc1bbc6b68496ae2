"""The heads: what each sees of the last maps, and the arithmetic of the largest digit present."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from itertools import product
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.networks.architectures import build
from ablation.networks.heads import EVIDENCE, LargestPresent
from ablation.training.config import ArmConfig

Arm = Callable[..., ArmConfig]
ROOT = Path(__file__).resolve().parents[2]


def log_largest(scores: list[float]) -> np.ndarray:
    inputs = np.array([scores], np.float32)
    return np.asarray(keras.ops.convert_to_numpy(LargestPresent()(inputs)))[0]


@given(st.lists(st.floats(-6, 6), min_size=3, max_size=3))
def test_the_largest_present_by_counting_every_case(scores: list[float]) -> None:
    """All eight ways in which three digits are there or not, each with its probability."""
    present = 1 / (1 + np.exp(-np.array(scores)))
    expected = np.zeros(3)
    for there in product([False, True], repeat=3):
        if any(there):
            largest = max(digit for digit in range(3) if there[digit])
            expected[largest] += np.prod(np.where(there, present, 1 - present))
    np.testing.assert_allclose(np.exp(log_largest(scores)), expected, rtol=1e-4, atol=1e-7)


def test_what_is_left_out_is_that_no_digit_is_there() -> None:
    scores = [-1.0, 0.5, 2.0]
    nothing = np.prod(1 / (1 + np.exp(scores)))
    assert np.exp(log_largest(scores)).sum() == pytest.approx(1 - nothing, rel=1e-5)


def test_scores_may_be_large() -> None:
    logits = log_largest([1e4, -1e4, 1e4, -1e4] + [-1e4] * 6)
    assert np.isfinite(logits).all()
    assert logits.argmax() == 2
    assert logits[2] == 0


GRADIENT = """
import json, sys
from ablation.networks.heads import LargestPresent
import keras, numpy as np
layer, inputs = LargestPresent(), keras.Input((10,))
model = keras.Model(inputs, layer(keras.layers.Dense(10, use_bias=False, name='scores')(inputs)))
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(keras.optimizers.SGD(1.0), loss)
model.get_layer('scores').set_weights([np.eye(10, dtype=np.float32)])
scores = np.array(json.loads(sys.argv[1]), np.float32)
told = float(model.train_on_batch(scores, np.arange(len(scores)) % 10))
change = model.get_layer('scores').get_weights()[0] - np.eye(10)
print(json.dumps({'loss': told, 'change': change.tolist()}))
"""
SCORES = [[50.0 * (-1) ** (i + j) for j in range(10)] for i in range(2)] + [
    [0.1 * j for j in range(10)]
]


def gradient(backend: str) -> tuple[float, np.ndarray]:
    """The loss on SCORES under a backend, and what a step of it changes."""
    done = subprocess.run(
        [sys.executable, "-c", GRADIENT, json.dumps(SCORES)], cwd=ROOT, check=False, text=True,
        env=os.environ | {"KERAS_BACKEND": backend}, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    return told["loss"], np.array(told["change"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "backend",
    [
        "jax",
        pytest.param("torch", marks=pytest.mark.skipif(not find_spec("torch"), reason="no torch")),
    ],
)
def test_loss_and_gradients_are_finite_and_alike_under_every_backend(backend: str) -> None:
    (loss, change), (theirs, other) = gradient("tensorflow"), gradient(backend)
    assert np.isfinite(loss)
    assert np.isfinite(change).all()
    assert np.abs(change).max() > 0.01
    assert loss == pytest.approx(theirs, rel=1e-5)
    np.testing.assert_allclose(change, other, rtol=1e-4, atol=1e-5)


def shapes(model: keras.Model) -> dict[str, tuple[int | None, ...]]:
    return {layer.name: tuple(layer.output.shape) for layer in model.layers}


def test_the_largest_head_has_a_map_a_digit_and_no_dense_layer(tiny_arm: Arm) -> None:
    model = build(tiny_arm({"model": {"head": "largest"}}), 0, None)
    found = shapes(model)
    assert found[EVIDENCE] == (None, 3, 3, 10)
    assert found["logits"] == (None, 10)
    assert not any(name.startswith(("dense", "flatten")) for name in found)
    assert {v.dtype for v in model.outputs} == {"float32"}


def test_the_largest_head_does_not_care_where_a_digit_is(tiny_arm: Arm) -> None:
    """A pattern moved by whole poolings, away from the border, gives the same answer."""
    arm = tiny_arm({"image_size": 48, "model": {"head": "largest"}})
    model = build(arm, 0, None)
    images = np.zeros((2, 48, 48), np.uint8)
    pattern = np.random.default_rng(0).integers(0, 256, (8, 8), np.uint8)
    images[0, 12:20, 12:20] = pattern
    images[1, 24:32, 20:28] = pattern
    logits = keras.ops.convert_to_numpy(model(images, training=False))
    np.testing.assert_allclose(logits[0], logits[1], atol=1e-5)
    dense = build(tiny_arm({"image_size": 48}), 0, None)
    logits = keras.ops.convert_to_numpy(dense(images, training=False))
    assert np.abs(logits[0] - logits[1]).max() > 1e-3


def test_the_average_head_has_the_mean_of_each_map_before_its_dense_layers(tiny_arm: Arm) -> None:
    model = build(tiny_arm({"model": {"head": "average"}}), 0, None)
    found = shapes(model)
    assert found["average"] == (None, 8)
    assert found["dense_1"] == (None, 12)
    maps = keras.Model(model.input, [model.get_layer(x).output for x in ("pool_2", "average")])
    before, after = maps(np.random.default_rng(0).integers(0, 256, (2, 12, 12), np.uint8))
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(before).mean(axis=(1, 2)),
        keras.ops.convert_to_numpy(after),
        rtol=1e-5,
    )


@pytest.mark.parametrize("head", ["average", "largest"])
def test_a_head_leaves_the_convolutions_before_it_as_they_were(tiny_arm: Arm, head: str) -> None:
    ours, dense = (build(tiny_arm({"model": {"head": h}}), 3, None) for h in (head, "dense"))
    for name in ("conv_1", "conv_2", "conv_3"):
        np.testing.assert_array_equal(
            ours.get_layer(name).get_weights()[0], dense.get_layer(name).get_weights()[0]
        )
