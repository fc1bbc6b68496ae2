"""The fused normalization is Keras's: outputs, gradients, moving statistics, inference."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from ablation.networks.batch_normalization import BatchNormalization

fused_here = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow",
    reason="under any backend but TensorFlow the layer is Keras's own",
)

SHAPES = [(8, 6, 6, 5), (4, 1, 1, 3), (1, 7, 3, 2), (16, 4, 4, 1), (2, 9, 9, 33)]
SETTINGS = [{"momentum": 0.99}, {"momentum": 0.5, "epsilon": 0.1}]


def numpy(tensor: Any) -> np.ndarray:
    return keras.ops.convert_to_numpy(tensor)


def pair(shape: tuple[int, ...], **settings: Any) -> tuple[keras.layers.Layer, keras.layers.Layer]:
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


def gradients(
    layer: keras.layers.Layer, inputs: np.ndarray, upstream: np.ndarray, training: bool = True
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Outputs, and the gradients of inputs, gamma and beta."""
    x = tf.constant(inputs)
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = layer(x, training=training)
        loss = tf.reduce_sum(outputs * upstream)
    sources = [x, layer.gamma.value, layer.beta.value]
    return outputs.numpy(), [tf.convert_to_tensor(g).numpy() for g in tape.gradient(loss, sources)]


@fused_here
@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("shape", SHAPES)
def test_outputs_and_gradients_in_training(
    shape: tuple[int, ...], settings: dict[str, float]
) -> None:
    ours, keras_s = pair(shape, **settings)
    upstream = np.random.default_rng(9).normal(size=shape).astype(np.float32)
    outputs, slopes = gradients(ours, batch(shape), upstream)
    expected, expected_slopes = gradients(keras_s, batch(shape), upstream)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-5)
    for slope, other in zip(slopes, expected_slopes, strict=True):
        np.testing.assert_allclose(slope, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("shape", SHAPES)
def test_moving_statistics_and_inference_after_three_steps(
    shape: tuple[int, ...], settings: dict[str, float]
) -> None:
    ours, keras_s = pair(shape, **settings)
    before = numpy(ours.moving_mean)
    for step in range(3):
        for layer in (ours, keras_s):
            layer(batch(shape, step), training=True)
    assert not np.allclose(numpy(ours.moving_mean), before)
    for name in ("moving_mean", "moving_variance"):
        np.testing.assert_allclose(
            numpy(getattr(ours, name)), numpy(getattr(keras_s, name)), rtol=1e-5, atol=1e-6
        )
    np.testing.assert_allclose(
        numpy(ours(batch(shape, 7), training=False)),
        numpy(keras_s(batch(shape, 7), training=False)),
        rtol=1e-5,
        atol=1e-5,
    )


def test_the_moving_variance_is_over_n_not_n_minus_1() -> None:
    """By hand, in case Keras changes its mind."""
    ours, _ = pair((2, 1, 1, 1), momentum=0.5)
    ours.set_weights([np.ones(1), np.zeros(1), np.zeros(1), np.full(1, 4.0)])
    ours(np.array([1.0, 5.0], np.float32).reshape(2, 1, 1, 1), training=True)
    assert numpy(ours.moving_mean) == pytest.approx(1.5)
    assert numpy(ours.moving_variance) == pytest.approx((4.0 + 4.0) / 2)


def calls_the_fused_operation(layer: keras.layers.Layer, inputs: np.ndarray, **how: Any) -> bool:
    graph = tf.function(lambda x: layer(x, **how)).get_concrete_function(tf.constant(inputs)).graph
    return any("FusedBatchNorm" in node.type for node in graph.get_operations())


@fused_here
def test_it_is_fused_in_training_alone() -> None:
    ours, keras_s = pair((4, 3, 3, 2))
    inputs = batch((4, 3, 3, 2))
    assert calls_the_fused_operation(ours, inputs, training=True)
    assert not calls_the_fused_operation(ours, inputs, training=False)
    assert not calls_the_fused_operation(ours, inputs)
    assert not calls_the_fused_operation(keras_s, inputs, training=True)


@fused_here
def test_a_frozen_layer_behaves_as_keras_s() -> None:
    shape = (4, 3, 3, 2)
    ours, keras_s = pair(shape)
    before = ours.get_weights()
    ours.trainable = keras_s.trainable = False
    expected = numpy(keras_s(batch(shape), training=True))
    np.testing.assert_array_equal(numpy(ours(batch(shape), training=True)), expected)
    for variable, other in zip(ours.get_weights(), before, strict=True):
        np.testing.assert_array_equal(variable, other)
    assert not calls_the_fused_operation(ours, batch(shape), training=True)


@fused_here
def test_dense_features_take_keras_s_path() -> None:
    shape = (6, 5)
    ours, keras_s = pair(shape)
    assert not calls_the_fused_operation(ours, batch(shape), training=True)
    for step in range(3):
        expected = numpy(keras_s(batch(shape, step), training=True))
        np.testing.assert_array_equal(numpy(ours(batch(shape, step), training=True)), expected)
    for variable, other in zip(ours.get_weights(), keras_s.get_weights(), strict=True):
        np.testing.assert_array_equal(variable, other)


@fused_here
@pytest.mark.parametrize("shape", SHAPES)
def test_mixed_precision_is_fused_and_keras_s_to_the_rounding_of_its_results(
    shape: tuple[int, ...],
) -> None:
    """Both normalize in float32 and round what they give, so they differ by one rounding."""
    ours, keras_s = pair(shape, dtype="mixed_bfloat16")
    inputs = tf.cast(batch(shape), tf.bfloat16)
    upstream = tf.cast(np.random.default_rng(9).normal(size=shape), tf.bfloat16)
    assert calls_the_fused_operation(ours, inputs, training=True)
    results = []
    for layer in (ours, keras_s):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs, training=True)
            loss = tf.reduce_sum(tf.cast(outputs * upstream, tf.float32))
        sources = [inputs, layer.gamma.value, layer.beta.value]
        slopes = [tf.cast(slope, tf.float32).numpy() for slope in tape.gradient(loss, sources)]
        assert outputs.dtype == tf.bfloat16
        results.append([tf.cast(outputs, tf.float32).numpy(), *slopes])
    one = 2.0**-7  # between neighbours in bfloat16, relative
    for mine, its in zip(*results, strict=True):
        np.testing.assert_allclose(mine, its, rtol=one, atol=1e-4)
    for name in ("moving_mean", "moving_variance"):  # float32
        np.testing.assert_allclose(
            numpy(getattr(ours, name)), numpy(getattr(keras_s, name)), rtol=1e-5, atol=1e-6
        )


def test_a_trained_network_is_keras_s() -> None:
    """Three steps of a small network, compiled as training compiles it."""
    weights = []
    for kind in (BatchNormalization, keras.layers.BatchNormalization):
        inputs = keras.Input((6, 6, 1))
        x = keras.layers.Conv2D(3, 3, kernel_initializer=keras.initializers.GlorotUniform(1))(
            inputs
        )
        x = keras.layers.Flatten()(keras.layers.ReLU()(kind(momentum=0.9)(x)))
        model = keras.Model(
            inputs, keras.layers.Dense(2, kernel_initializer=keras.initializers.GlorotUniform(2))(x)
        )
        model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse")
        images = batch((24, 6, 6, 1))
        model.fit(images, batch((24, 2), 1), batch_size=8, shuffle=False, verbose=0)
        weights.append(model.get_weights())
    for ours, keras_s in zip(*weights, strict=True):
        np.testing.assert_allclose(ours, keras_s, rtol=1e-4, atol=1e-5)
