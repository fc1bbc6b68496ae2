"""The project's own layers: input layers, and the head that names the largest digit present."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.networks.architectures import build, input_layers
from ablation.networks.heads import EVIDENCE, LargestPresent
from ablation.networks.input_layers import GreyToRGB, ImageNetStandardize, Scale, Threshold
from ablation.training.config import ArmConfig

Arm = Callable[..., ArmConfig]
ALL_GREYS = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)


def numpy(tensor: Any) -> np.ndarray:
    return keras.ops.convert_to_numpy(tensor)


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)


# --- input layers -----------------------------------------------------------------------------


def test_images_are_scaled_downscaled_thresholded_padded_and_repeated_in_this_order(
    tiny_arm: Arm,
) -> None:
    change = {"downscale": 2, "threshold": 0.5, "pad": 9}
    images = noise(2, 12, 12)
    halved = (images / 255.0).reshape(2, 6, 2, 6, 2).mean(axis=(2, 4))
    padded = np.zeros((2, 9, 9))
    padded[:, 1:7, 1:7] = np.where(halved < 0.5, 0, halved)  # one before, two behind
    alone = numpy(input_layers(tiny_arm({"input": change}))(images))
    np.testing.assert_allclose(alone[..., 0], padded, atol=1e-6)
    # And they are what the network begins with.
    model = build(tiny_arm({"input": change}), 0, None)
    assert model.get_layer("conv_1").input is model.get_layer("padded").output


def test_scale_gives_every_grey_its_share_and_the_paper_s_threshold_lies_between_two() -> None:
    scaled = numpy(Scale()(ALL_GREYS))
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled[..., 0], ALL_GREYS / 255.0, rtol=1e-6)
    kept = numpy(Threshold(0.9)(scaled))[..., 0]
    np.testing.assert_array_equal(kept > 0, ALL_GREYS >= 230)
    np.testing.assert_array_equal(kept[kept > 0], scaled[..., 0][ALL_GREYS >= 230])
    one = np.float32([[[[0.25]]]])
    assert numpy(Threshold(0.25)(one)) == one  # only what is below goes


def test_standardized_images_are_what_keras_prepares_for_its_vgg16() -> None:
    grey = noise(2, 5, 5, 1).astype(np.float32)
    ours = numpy(ImageNetStandardize()(GreyToRGB()(grey / 255.0)))
    expected = keras.applications.vgg16.preprocess_input(np.repeat(grey, 3, axis=-1))
    np.testing.assert_allclose(ours, expected, atol=1e-4)


LAYERS = [
    (Scale, (8, 8), "uint8"),
    (lambda **k: Threshold(0.5, **k), (8, 8, 1), "float32"),
    (GreyToRGB, (8, 8, 1), "float32"),
    (ImageNetStandardize, (8, 8, 3), "float32"),
]


@pytest.mark.parametrize(("kind", "shape", "dtype"), LAYERS)
def test_a_layer_knows_its_output_shape_keeps_its_precision_and_is_saved_whole(
    kind: Callable[..., keras.layers.Layer], shape: tuple[int, ...], dtype: str
) -> None:
    layer, values = kind(dtype="bfloat16"), np.ones((3, *shape), dtype)
    actual = layer(values)
    assert keras.backend.standardize_dtype(actual.dtype) == "bfloat16"
    assert layer(keras.Input(shape, dtype=dtype)).shape[1:] == tuple(actual.shape)[1:]
    again = type(layer).from_config(layer.get_config())
    np.testing.assert_array_equal(*(numpy(x(values)).astype(np.float32) for x in (again, layer)))


# --- the largest digit present ----------------------------------------------------------------


def log_largest(scores: list[float]) -> np.ndarray:
    return numpy(LargestPresent()(np.array([scores], np.float32)))[0]


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


def test_scores_may_be_large() -> None:
    logits = log_largest([1e4, -1e4, 1e4, -1e4] + [-1e4] * 6)
    assert np.isfinite(logits).all()
    assert logits.argmax() == 2
    assert logits[2] == 0


def test_the_largest_head_has_a_map_a_digit_and_does_not_care_where_a_digit_is(
    tiny_arm: Arm,
) -> None:
    """A pattern moved by whole poolings, away from the border, gives the same answer."""
    images = np.zeros((2, 48, 48), np.uint8)
    images[0, 12:20, 12:20] = images[1, 24:32, 20:28] = noise(8, 8)
    model = build(tiny_arm({"image_size": 48, "model": {"head": "largest"}}), 0, None)
    assert model.get_layer(EVIDENCE).output.shape == (None, 12, 12, 10)
    logits = numpy(model(images, training=False))
    np.testing.assert_allclose(logits[0], logits[1], atol=1e-5)
    dense = numpy(build(tiny_arm({"image_size": 48}), 0, None)(images, training=False))
    assert np.abs(dense[0] - dense[1]).max() > 1e-3
