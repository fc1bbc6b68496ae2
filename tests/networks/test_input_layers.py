"""The input layers against the same steps in NumPy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablation.networks.input_layers import GreyToRGB, ImageNetStandardize, Scale, Threshold


def numpy(tensor: Any) -> np.ndarray:
    return keras.ops.convert_to_numpy(tensor)


ALL_GREYS = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)


def test_scale_gives_every_grey_its_share() -> None:
    scaled = numpy(Scale()(ALL_GREYS))
    assert scaled.shape == (1, 16, 16, 1)
    assert scaled.dtype == np.float32
    assert scaled[0, 0, 0, 0] == 0.0
    assert scaled[0, 15, 15, 0] == 1.0
    np.testing.assert_allclose(scaled[..., 0], ALL_GREYS / 255.0, rtol=1e-6)


@settings(max_examples=20)
@given(st.integers(0, 2**31), st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0]))
def test_threshold_drops_what_is_below(seed: int, threshold: float) -> None:
    values = np.random.default_rng(seed).random((2, 4, 3, 1), np.float32)
    values[0, 0, 0, 0] = threshold  # stays: only what is below goes
    expected = np.where(values < np.float32(threshold), np.float32(0), values)
    np.testing.assert_array_equal(numpy(Threshold(threshold)(values)), expected)


@pytest.mark.parametrize("grey", [229, 230])
def test_the_paper_s_threshold_lies_between_two_greys(grey: int) -> None:
    image = np.full((1, 2, 2), grey, np.uint8)
    kept = numpy(Threshold(0.9)(Scale()(image)))
    assert (kept > 0).all() == (grey / 255 >= 0.9)


def test_grey_becomes_three_equal_channels() -> None:
    values = np.random.default_rng(0).random((2, 4, 3, 1), np.float32)
    np.testing.assert_array_equal(numpy(GreyToRGB()(values)), np.repeat(values, 3, axis=-1))


def test_standardized_images_are_what_keras_prepares_for_its_vgg16() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (2, 5, 5, 1)).astype(np.float32)
    rgb = np.repeat(grey, 3, axis=-1)
    ours = numpy(ImageNetStandardize()(rgb / 255.0))
    expected = rgb - np.array([103.939, 116.779, 123.68], np.float32)
    np.testing.assert_allclose(ours, expected, atol=1e-4)
    keras_s = keras.applications.vgg16.preprocess_input(rgb.copy())
    np.testing.assert_allclose(ours, keras_s, atol=1e-4)


LAYERS = [
    (Scale(), (8, 8), "uint8"),
    (Threshold(0.5), (8, 8, 1), "float32"),
    (GreyToRGB(), (8, 8, 1), "float32"),
    (ImageNetStandardize(), (8, 8, 3), "float32"),
]


@pytest.mark.parametrize(("layer", "shape", "dtype"), LAYERS, ids=lambda x: type(x).__name__)
def test_a_layer_knows_its_output_shape(
    layer: keras.layers.Layer, shape: tuple[int, ...], dtype: str
) -> None:
    symbolic = layer(keras.Input(shape, dtype=dtype))
    actual = layer(np.zeros((3, *shape), dtype))
    assert tuple(actual.shape) == (3, *symbolic.shape[1:])
    assert layer.compute_output_shape((3, *shape)) == tuple(actual.shape)


def test_layers_survive_being_saved(tmp_path: Path) -> None:
    images = keras.Input((8, 8), dtype="uint8")
    x = GreyToRGB()(Threshold(0.9)(Scale()(images)))
    model = keras.Model(images, ImageNetStandardize()(x))
    model.save(tmp_path / "a.keras")
    loaded = keras.saving.load_model(tmp_path / "a.keras")
    raw = np.random.default_rng(0).integers(0, 256, (2, 8, 8)).astype(np.uint8)
    np.testing.assert_array_equal(numpy(loaded(raw)), numpy(model(raw)))


def test_half_precision_is_kept() -> None:
    policy = keras.DTypePolicy("mixed_bfloat16")
    x = Scale(dtype=policy)(ALL_GREYS)
    x = ImageNetStandardize(dtype=policy)(GreyToRGB(dtype=policy)(Threshold(0.5, dtype=policy)(x)))
    assert keras.backend.standardize_dtype(x.dtype) == "bfloat16"
