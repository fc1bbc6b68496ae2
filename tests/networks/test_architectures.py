"""Every arm's network: its layers, its weights, what freezes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from ablation.networks.architectures import build
from ablation.networks.config import VggConfig
from ablation.networks.vgg_layers import BLOCKS, layer_name
from ablation.training.config import ArmConfig

Arm = Callable[..., ArmConfig]

DENSE = {"architecture": "vgg16", "dense": [16, 16], "dense_dropout": 0.2}
VGG = VggConfig(weights="md5:of_them", frozen_layers=5, **DENSE)  # type: ignore[arg-type]


@pytest.fixture
def vgg_arm(tiny_arm: Arm) -> Callable[..., ArmConfig]:
    """VGG-16 from given weights, for images of 32 px."""

    def make(**change: Any) -> ArmConfig:
        inputs = {"scaling": "imagenet"}
        model = VGG.model_copy(update=change)
        return tiny_arm({"image_size": 32, "input": inputs, "model": model})

    return make


@pytest.fixture(scope="module")
def weights() -> dict[str, np.ndarray]:
    """Small random weights of the shapes of VGG-16's."""
    rng = np.random.default_rng(5)
    made, channels = {}, 3
    for block, filters_of_block in enumerate(BLOCKS, start=1):
        for number, filters in enumerate(filters_of_block, start=1):
            layer = layer_name(block, number)
            kernel = rng.standard_normal((3, 3, channels, filters), np.float32)
            made[f"{layer}/kernel"] = 0.05 * kernel
            made[f"{layer}/bias"] = rng.standard_normal(filters, np.float32)
            channels = filters
    return made


def raw_images(arm: ArmConfig, count: int = 2) -> np.ndarray:
    size = (count, arm.image_size, arm.image_size)
    return np.random.default_rng(1).integers(0, 256, size).astype(np.uint8)


def logits(model: keras.Model, images: np.ndarray, training: bool = False) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(images, training=training))


def types(model: keras.Model) -> list[str]:
    return [type(layer).__name__ for layer in model.layers]


def kernels(model: keras.Model) -> dict[str, np.ndarray]:
    return {x.name: x.get_weights()[0] for x in model.layers if hasattr(x, "kernel")}


# --- the study's arms -------------------------------------------------------------------------


def test_every_arm_takes_raw_images_and_gives_logits(
    resolved: Callable[..., Any], weights: dict[str, np.ndarray]
) -> None:
    for name, arm in resolved("smoke").arms.items():
        model = build(arm, 0, weights)
        assert model.input.dtype == "uint8", name
        outputs = logits(model, raw_images(arm))
        assert outputs.shape == (2, 10), name
        assert outputs.dtype == np.float32, name
        assert np.isfinite(outputs).all(), name
        assert outputs.std() > 0, name


def test_the_baseline_is_figure_4_s_and_the_simple_cnn_section_3_s(
    resolved: Callable[..., Any],
) -> None:
    arms = resolved("paper").arms
    small = {"image_size": 64}  # as at other scales: fewer weights
    model = build(arms["baseline"].model_copy(update=small), 0, None)
    convolution = ["Conv2D", "BatchNormalization", "ReLU"]
    assert [kind for kind in types(model) if kind != "AveragePooling2D"] == [
        *("InputLayer", "Scale"),
        *(3 * convolution), "SpatialDropout2D", "MaxPooling2D",
        *(2 * convolution), "SpatialDropout2D", "MaxPooling2D",
        *(2 * convolution), "Dropout", "MaxPooling2D",
        *("Flatten", "Dense", "BatchNormalization", "ReLU", "Dropout", "Dense"),
    ]  # fmt: skip
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.filters for layer in convolutions] == [64, 64, 64, 128, 128, 256, 256]
    assert all(layer.kernel_size == (3, 3) and layer.padding == "same" for layer in convolutions)
    assert [layer.units for layer in model.layers if hasattr(layer, "units")] == [512, 10]
    rates = {layer.name: layer.rate for layer in model.layers if hasattr(layer, "rate")}
    assert rates == {
        "spatial_dropout_1": 0.2, "spatial_dropout_2": 0.2, "dropout_3": 0.2, "dropout_dense_1": 0.5
    }  # fmt: skip
    simple = build(arms["simple_mnist"], 0, None)
    assert types(simple) == [
        *("InputLayer", "Scale"),
        *(2 * ["Conv2D", "ReLU"]), "MaxPooling2D",
        *(2 * ["Conv2D", "ReLU"]), "MaxPooling2D",
        *("Flatten", "Dense", "ReLU", "Dense"),
    ]  # fmt: skip
    assert simple.count_params() == (
        (9 * 32 + 32) + (9 * 32 * 32 + 32) + (9 * 32 * 64 + 64) + (9 * 64 * 64 + 64)
        + (7 * 7 * 64 * 1024 + 1024) + (1024 * 10 + 10)
    )  # fmt: skip


# --- the CNN ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "power"), [("l1", np.abs), ("l2", np.square)])
def test_a_regularizer_is_on_every_kernel(
    kind: str, power: Callable[[np.ndarray], np.ndarray], tiny_arm: Arm
) -> None:
    change = {"regularizer": {"kind": kind, "factor": 0.01}}
    model = build(tiny_arm({"model": change}), 0, None)
    found = kernels(model)
    assert len(found) == 5
    total = 0.01 * sum(power(kernel).sum() for kernel in found.values())
    assert float(sum(model.losses)) == pytest.approx(total, rel=1e-5)
    assert not build(tiny_arm(), 0, None).losses


def test_a_stem_strides_and_a_pool_of_1_is_none(tiny_arm: Arm) -> None:
    stem = {"filters": 6, "kernel": 5, "stride": 2}
    model = build(tiny_arm({"model": {"stem": stem, "pools": [1, 3]}}), 0, None)
    assert model.get_layer("relu_stem").output.shape == (None, 6, 6, 6)
    assert "pool_1" not in [layer.name for layer in model.layers]
    assert model.get_layer("pool_2").output.shape == (None, 2, 2, 8)


# --- VGG-16 -----------------------------------------------------------------------------------


def test_vgg_is_keras_s_with_the_given_weights_its_first_five_layers_frozen(
    vgg_arm: Arm, weights: dict[str, np.ndarray]
) -> None:
    arm = vgg_arm()
    model = build(arm, 0, weights)
    keras_s = keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3))
    for layer in keras_s.layers:
        if layer.weights:
            layer.set_weights([weights[f"{layer.name}/{part}"] for part in ("kernel", "bias")])
    blocks = [layer for layer in model.layers if layer.name.startswith("block")]
    assert [layer.name for layer in blocks] == [layer.name for layer in keras_s.layers[1:]]
    # As Keras counts them: its first is the input.
    frozen = [layer.name for layer in blocks if not layer.trainable]
    assert frozen == [layer.name for layer in keras_s.layers[1:5]]
    assert len(model.trainable_weights) == 2 * (13 - 3) + 2 * 3
    images = raw_images(arm)
    rgb = np.repeat(images[..., None].astype(np.float32), 3, axis=-1)
    expected = logits(keras_s, keras.applications.vgg16.preprocess_input(rgb))
    ours = logits(keras.Model(model.input, model.get_layer("block5_pool").output), images)
    np.testing.assert_allclose(ours, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())


def test_vgg_may_start_at_random_and_unfrozen(vgg_arm: Arm) -> None:
    model = build(vgg_arm(frozen_layers=1, weights=None), 0, None)  # the input alone
    assert all(layer.trainable for layer in model.layers)


# --- seeds, precision -------------------------------------------------------------------------


def test_a_seed_fixes_weights_and_masks_whatever_the_global_random_state(tiny_arm: Arm) -> None:
    arm = tiny_arm()
    keras.utils.set_random_seed(1)
    first = build(arm, 0, None)
    keras.utils.set_random_seed(2)
    again, other = build(arm, 0, None), build(arm, 1, None)
    for name, kernel in kernels(first).items():
        np.testing.assert_array_equal(kernel, kernels(again)[name])
        assert not np.array_equal(kernel, kernels(other)[name])
    masked = [logits(model, raw_images(arm, 8), training=True) for model in (first, again)]
    np.testing.assert_array_equal(*masked)


def test_layers_draw_from_streams_of_their_own_glorot_and_bengio_s_kernels(tiny_arm: Arm) -> None:
    """Uniform within the square root of 6 over the units that a unit of it has to do with."""
    model = build(tiny_arm({"model": {"blocks": [[64, 64], [64]]}}), 0, None)
    one, other = (kernels(model)[name] for name in ("conv_2", "conv_3"))
    assert one.shape == other.shape
    assert not np.array_equal(one, other)
    limit = np.sqrt(6 / (9 * 64 + 9 * 64))
    assert np.abs(one).max() == pytest.approx(limit, rel=0.01)
    assert one.std() == pytest.approx(limit / np.sqrt(3), rel=0.01)
    assert one.mean() == pytest.approx(0, abs=limit / 100)
    seeds = [layer.seed for layer in model.layers if hasattr(layer, "rate")]
    assert len(seeds) == len(set(seeds)) == 3


@pytest.mark.parametrize(
    ("change", "others"),
    [
        ({"spatial_dropout": [0.0, 0.0]}, set()),
        ({"regularizer": {"kind": "l2", "factor": 0.01}}, set()),
        ({"dense": [24]}, {"dense_1", "logits"}),
        ({"dense": [12, 5]}, {"logits"}),
        ({"head": "largest", "dense": []}, {"dense_1", "logits"}),
    ],
)
def test_arms_start_from_the_same_weights_and_masks_wherever_they_have_the_same_layer(
    change: dict[str, Any], others: set[str], tiny_arm: Arm
) -> None:
    ours, base = build(tiny_arm({"model": change}), 3, None), build(tiny_arm(), 3, None)
    theirs, same = kernels(base), set()
    for name, kernel in kernels(ours).items():
        if name in theirs and kernel.shape == theirs[name].shape:
            np.testing.assert_array_equal(kernel, theirs[name])
            same.add(name)
    assert same == {*theirs} - others
    ones = np.ones((2, 6, 6, 8), np.float32)
    masks = [logits(model.get_layer("dropout_2"), ones, training=True) for model in (ours, base)]
    np.testing.assert_array_equal(*masks)
    assert 0 < np.mean(masks[0] == 0) < 1


def test_half_precision_has_float32_logits_and_variables_and_leaves_keras_s_own(
    tiny_arm: Arm,
) -> None:
    before = keras.config.dtype_policy()
    arm = tiny_arm({"precision": "mixed_bfloat16"})
    model = build(arm, 0, None)
    assert model.get_layer("flatten").compute_dtype == "bfloat16"
    assert logits(model, raw_images(arm)).dtype == np.float32
    assert {v.dtype for v in model.trainable_variables} == {"float32"}
    with pytest.raises(ValueError, match="pad"):
        build(tiny_arm({"precision": "mixed_bfloat16", "input": {"pad": 3}}), 0, None)
    assert keras.config.dtype_policy() is before
