"""The fused normalization is Keras's: outputs, gradients, moving statistics, inference."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from ablation.networks.batch_normalization import BatchNormalization

SHAPES = [(8, 6, 6, 5), (4, 1, 1, 3), (1, 7, 3, 2)]
Layer = keras.layers.Layer


def numpy(tensor: Any) -> np.ndarray:
    return tf.cast(tensor, tf.float32).numpy()


def pair(shape: tuple[int, ...], **settings: Any) -> tuple[Layer, Layer]:
    """Our layer and Keras's with the same random variables."""
    rng = np.random.default_rng(0)
    layers = BatchNormalization(**settings), keras.layers.BatchNormalization(**settings)
    gamma, beta, mean = rng.normal(size=(3, shape[-1])).astype(np.float32)
    variance = rng.uniform(0.5, 2, shape[-1]).astype(np.float32)
    for layer in layers:
        layer.build((None, *shape[1:]))
        layer.set_weights([gamma, beta, mean, variance])
    return layers


def batch(shape: tuple[int, ...], step: int = 0) -> np.ndarray:
    return np.random.default_rng(step).normal(1.5, 2.0, shape).astype(np.float32)


def trained(layer: Layer, shape: tuple[int, ...], kind: Any) -> list[np.ndarray]:
    """Outputs, then the gradients of inputs, gamma and beta."""
    x, upstream = tf.cast(batch(shape), kind), tf.cast(batch(shape, 9), kind)
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = layer(x, training=True)
        loss = tf.reduce_sum(tf.cast(outputs * upstream, tf.float32))
    assert outputs.dtype == kind
    slopes = tape.gradient(loss, [x, layer.gamma.value, layer.beta.value])
    return [numpy(outputs), *map(numpy, slopes)]


def is_fused(layer: Layer, shape: tuple[int, ...], kind: Any = tf.float32, **how: Any) -> bool:
    function = tf.function(lambda x: layer(x, **how))
    graph = function.get_concrete_function(tf.cast(batch(shape), kind)).graph
    return any("FusedBatchNorm" in node.type for node in graph.get_operations())


@pytest.mark.parametrize(
    ("settings", "kind", "rtol"),
    [
        ({"momentum": 0.99}, tf.float32, 1e-4),
        ({"momentum": 0.5, "epsilon": 0.1}, tf.float32, 1e-4),
        # Both normalize in float32 and round what they give, so they differ by one rounding.
        ({"dtype": "mixed_bfloat16"}, tf.bfloat16, 2.0**-7),
    ],
)
@pytest.mark.parametrize("shape", SHAPES)
def test_training_and_then_inference_are_keras_s(
    shape: tuple[int, ...], settings: dict[str, Any], kind: Any, rtol: float
) -> None:
    ours, keras_s = pair(shape, **settings)
    assert is_fused(ours, shape, kind, training=True)
    for mine, its in zip(*(trained(x, shape, kind) for x in (ours, keras_s)), strict=True):
        np.testing.assert_allclose(mine, its, rtol=rtol, atol=1e-4)
    for step in (1, 2):
        for layer in (ours, keras_s):
            layer(tf.cast(batch(shape, step), kind), training=True)
    for mine, its in zip(ours.get_weights(), keras_s.get_weights(), strict=True):  # float32
        np.testing.assert_allclose(mine, its, rtol=1e-5, atol=1e-6)
    after = [numpy(layer(batch(shape, 7), training=False)) for layer in (ours, keras_s)]
    np.testing.assert_allclose(*after, rtol=rtol, atol=1e-5)


def test_the_moving_variance_is_over_n_not_n_minus_1() -> None:
    """By hand, in case Keras changes its mind."""
    ours, _ = pair((2, 1, 1, 1), momentum=0.5)
    ours.set_weights([np.ones(1), np.zeros(1), np.zeros(1), np.full(1, 4.0)])
    ours(np.array([1.0, 5.0], np.float32).reshape(2, 1, 1, 1), training=True)
    assert numpy(ours.moving_mean) == pytest.approx(1.5)
    assert numpy(ours.moving_variance) == pytest.approx((4.0 + 4.0) / 2)


def test_it_is_fused_in_training_of_maps_alone_else_keras_s_own() -> None:
    maps, dense = SHAPES[0], (6, 5)
    ours, keras_s = pair(maps)
    assert not is_fused(ours, maps, training=False)
    assert not is_fused(ours, maps)
    assert not is_fused(keras_s, maps, training=True)
    ours.trainable = keras_s.trainable = False
    frozen = ours.get_weights()
    for shape, layers in ((maps, (ours, keras_s)), (dense, pair(dense))):
        assert not is_fused(layers[0], shape, training=True)
        outputs = [numpy(layer(batch(shape), training=True)) for layer in layers]
        np.testing.assert_array_equal(*outputs)
    for variable, before in zip(ours.get_weights(), frozen, strict=True):
        np.testing.assert_array_equal(variable, before)
