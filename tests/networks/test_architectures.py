"""Every arm's network: its layers, its weights, what freezes, and that it survives being saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from ablation.networks.architectures import build, load
from ablation.networks.vgg_layers import kernel_shapes
from ablation.study.resolution import Resolved
from ablation.study.settings import Vgg16Settings, Vgg19Settings
from ablation.training.config import ArmConfig
from tests.params import ARMS

Arm = Callable[..., ArmConfig]
Study = Callable[[str], Resolved]

FROZEN = ["block1_conv1", "block1_conv2", "block1_pool", "block2_conv1"]


@pytest.fixture(scope="module")
def vgg_weights() -> dict[str, np.ndarray]:
    return random_weights("vgg16")


def random_weights(architecture: str) -> dict[str, np.ndarray]:
    """Small random weights of the shapes of a VGG network's."""
    rng = np.random.default_rng(5)
    weights = {}
    for layer, shape in kernel_shapes(architecture).items():
        weights[f"{layer}/kernel"] = 0.05 * rng.standard_normal(shape, np.float32)
        weights[f"{layer}/bias"] = rng.standard_normal(shape[3], np.float32)
    return weights


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def raw_images(arm: ArmConfig, count: int = 2) -> np.ndarray:
    size = arm.image_size
    return rng(1).integers(0, 256, (count, size, size)).astype(np.uint8)


def logits(model: keras.Model, images: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(images, training=False))


# --- every arm --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ARMS)
def test_every_arm_takes_raw_images_and_gives_logits(
    name: str, resolved: Study, vgg_weights: dict[str, np.ndarray]
) -> None:
    arm = resolved("smoke").arms[name]
    model = build(arm, 0, vgg_weights)
    assert model.input.dtype == "uint8"
    assert model.input.shape == (None, arm.image_size, arm.image_size)
    assert model.output.shape == (None, 10)
    assert keras.backend.standardize_dtype(model.output.dtype) == "float32"
    outputs = logits(model, raw_images(arm))
    assert outputs.shape == (2, 10)
    assert outputs.dtype == np.float32
    assert np.isfinite(outputs).all()
    assert outputs.std() > 0


def test_vgg_without_weights_is_random(resolved: Study) -> None:
    arm = resolved("smoke").arms["vgg_raw"]
    arm = arm.model_copy(update={"model": arm.model.model_copy(update={"weights": None})})
    first = build(arm, 0, None).get_layer("block1_conv1").get_weights()[0]
    other = build(arm, 1, None).get_layer("block1_conv1").get_weights()[0]
    assert not np.array_equal(first, other)


# --- the CNN ----------------------------------------------------------------------------------


def test_the_baseline_s_layers_are_figure_4_s(resolved: Study) -> None:
    paper, arm = resolved("paper").arms["baseline"], resolved("smoke").arms["baseline"]
    model = build(arm.model_copy(update={"model": paper.model}), 0, None)
    convolution = ["Conv2D", "BatchNormalization", "ReLU"]
    assert [type(layer).__name__ for layer in model.layers] == [
        *("InputLayer", "Scale", "AveragePooling2D"),
        *(3 * convolution), "SpatialDropout2D", "MaxPooling2D",
        *(2 * convolution), "SpatialDropout2D", "MaxPooling2D",
        *(2 * convolution), "Dropout", "MaxPooling2D",
        *("Flatten", "Dense", "BatchNormalization", "ReLU", "Dropout", "Dense"),
    ]  # fmt: skip
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.filters for layer in convolutions] == [64, 64, 64, 128, 128, 256, 256]
    assert all(layer.kernel_size == (3, 3) and layer.padding == "same" for layer in convolutions)
    assert model.get_layer("pool_3").output.shape == (None, 4, 4, 256)
    dense = [layer.units for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert dense == [512, 10]


def test_the_simple_cnn_s_layers_are_the_paper_s(resolved: Study) -> None:
    model = build(resolved("paper").arms["simple_mnist"], 0, None)
    assert [type(layer).__name__ for layer in model.layers] == [
        *("InputLayer", "Scale"),
        *("Conv2D", "ReLU", "Conv2D", "ReLU", "MaxPooling2D"),
        *("Conv2D", "ReLU", "Conv2D", "ReLU", "MaxPooling2D"),
        *("Flatten", "Dense", "ReLU", "Dense"),
    ]
    assert model.count_params() == (
        (9 * 32 + 32) + (9 * 32 * 32 + 32) + (9 * 32 * 64 + 64) + (9 * 64 * 64 + 64)
        + (7 * 7 * 64 * 1024 + 1024) + (1024 * 10 + 10)
    )  # fmt: skip


def where_blocks_give_nothing(model: keras.Model) -> Callable[[str], np.ndarray]:
    """Layer -> what leaves it for two images, when each block's own path gives nothing."""
    for name in ("conv_2", "conv_3"):
        layer = model.get_layer(name)
        layer.set_weights([np.zeros_like(weight) for weight in layer.get_weights()])
    images = rng().integers(0, 256, (2, 12, 12)).astype(np.uint8)

    def after(layer: str) -> np.ndarray:
        part = keras.Model(model.input, model.get_layer(layer).output)
        return np.asarray(keras.ops.convert_to_numpy(part(images)))

    return after


def test_a_residual_block_adds_what_entered_it_before_its_last_relu(tiny_arm: Arm) -> None:
    arm = tiny_arm(
        {
            "model": {
                "residual": "postactivation",
                "blocks": [[8, 8], [8]],
                "batch_normalization": False,
            }
        }
    )
    model = build(arm, 0, None)
    assert [layer.name for layer in model.layers if "residual" in layer.name] == [
        "residual_1",
        "residual_2",
    ]
    names = {layer.name for layer in model.layers}
    assert "projection_1" in names  # from one channel to four
    assert "projection_2" not in names  # from four to four: as it is
    after = where_blocks_give_nothing(model)
    np.testing.assert_array_equal(after("residual_1"), after("projection_1"))
    np.testing.assert_array_equal(after("relu_2"), np.maximum(after("projection_1"), 0))
    np.testing.assert_array_equal(after("residual_2"), after("pool_1"))


def test_a_preactivated_block_leaves_what_entered_it_untouched(tiny_arm: Arm) -> None:
    change = {
        "stem": {"filters": 8, "kernel": 5, "stride": 2},
        "residual": "preactivation",
        "blocks": [[8, 8], [16]],
        "pools": [1, 2],
        "spatial_dropout": [0.0, 0.0],
        "dropout": [0.0, 0.0],
    }
    model = build(tiny_arm({"model": change}), 0, None)
    names = [layer.name for layer in model.layers]
    assert model.get_layer("stem").output.shape == (None, 6, 6, 4)
    assert "relu_stem" not in names  # what the first block adds is as the stem gave it
    assert names.index("normalization_1") < names.index("relu_1") < names.index("conv_1")
    assert names[names.index("residual_2") :][:4] == [
        *("residual_2", "pool_2", "normalization_last", "relu_last"),
    ]
    assert "pool_1" not in names
    assert "projection_1" not in names  # from four channels to four: as it is
    after = where_blocks_give_nothing(model)
    np.testing.assert_array_equal(after("residual_1"), after("stem"))
    np.testing.assert_array_equal(after("residual_2"), after("projection_2"))
    assert (after("residual_1") < 0).any()  # no ReLU after the sum


def dropouts(model: keras.Model) -> dict[str, float]:
    kinds = (keras.layers.Dropout, keras.layers.SpatialDropout2D)
    return {layer.name: layer.rate for layer in model.layers if isinstance(layer, kinds)}


def test_dropout_is_where_and_as_strong_as_the_paper_says(resolved: Study) -> None:
    arms = resolved("smoke").arms
    base = arms["baseline"]
    assert dropouts(build(base, 0, None)) == {
        "spatial_dropout_1": 0.1,
        "spatial_dropout_2": 0.1,
        "dropout_3": 0.1,
        "dropout_dense_1": 0.25,
    }
    paper = resolved("paper").arms["baseline"].model
    assert dropouts(build(base.model_copy(update={"model": paper}), 0, None)) == {
        "spatial_dropout_1": 0.2,
        "spatial_dropout_2": 0.2,
        "dropout_3": 0.2,
        "dropout_dense_1": 0.5,
    }
    after_both = dropouts(build(arms["head_512_32"], 0, None))
    assert (after_both["dropout_dense_1"], after_both["dropout_dense_2"]) == (0.25, 0.25)
    assert dropouts(build(arms["no_dropout"], 0, None)) == {}


@pytest.mark.parametrize(
    ("name", "kind"), [("l1", keras.regularizers.L1), ("l2", keras.regularizers.L2)]
)
def test_a_regularizer_is_on_every_kernel(
    name: str, kind: type[keras.regularizers.Regularizer], resolved: Study
) -> None:
    arms = resolved("smoke").arms
    model = build(arms[name], 0, None)
    with_kernel = [layer for layer in model.layers if hasattr(layer, "kernel")]
    assert len(with_kernel) == 7 + 2
    for layer in with_kernel:
        assert type(layer.kernel_regularizer) is kind
        assert float(vars(layer.kernel_regularizer)[name]) == pytest.approx(1e-4)
    power = {"l1": np.abs, "l2": np.square}[name]
    total = 1e-4 * sum(power(layer.get_weights()[0]).sum() for layer in with_kernel)
    assert float(sum(model.losses)) == pytest.approx(total, rel=1e-4)
    assert not build(arms["baseline"], 0, None).losses


def test_a_bias_is_left_out_before_a_normalization_alone(tiny_arm: Arm) -> None:
    for normalized in (True, False):
        arm = tiny_arm({"model": {"batch_normalization": normalized}})
        biased = {
            layer.name: layer.use_bias
            for layer in build(arm, 0, None).layers
            if hasattr(layer, "use_bias")
        }
        assert biased.pop("logits")
        assert set(biased.values()) == {not normalized}


# --- input layers -----------------------------------------------------------------------------


def prepared(model: keras.Model, step: str, images: np.ndarray) -> np.ndarray:
    part = keras.Model(model.input, model.get_layer(step).output)
    return keras.ops.convert_to_numpy(part(images))


def test_images_are_scaled_downscaled_thresholded_and_padded_in_this_order(tiny_arm: Arm) -> None:
    arm = tiny_arm({"input": {"downscale": 2, "threshold": 0.5, "pad": 9}})
    images = raw_images(arm)
    scaled = images / 255.0
    halved = scaled.reshape(2, 6, 2, 6, 2).mean(axis=(2, 4))
    thresholded = np.where(halved < 0.5, 0, halved)
    padded = np.zeros((2, 9, 9))
    padded[:, 1:7, 1:7] = thresholded  # three pixels over: one before, two behind
    model = build(arm, 0, None)
    for step, expected in (
        ("scaled", scaled),
        ("downscaled", halved),
        ("thresholded", thresholded),
        ("padded", padded),
    ):
        np.testing.assert_allclose(prepared(model, step, images)[..., 0], expected, atol=1e-6)
    assert model.get_layer("conv_1").input is model.get_layer("padded").output


def test_vgg_sees_what_keras_prepares_for_it(
    resolved: Study, vgg_weights: dict[str, np.ndarray]
) -> None:
    arm = resolved("laptop").arms["vgg_raw"]
    images = raw_images(arm)
    model = build(arm, 0, vgg_weights)
    rgb = np.repeat(images[..., None].astype(np.float32), 3, axis=-1)
    expected = keras.applications.vgg16.preprocess_input(rgb)
    ours = prepared(model, "standardized", images)
    np.testing.assert_allclose(ours, expected, atol=1e-3)
    assert model.get_layer("block1_conv1").input is model.get_layer("standardized").output


@pytest.mark.parametrize("change", [{"pad": 11}, {"pad": 5, "downscale": 2}])
def test_a_frame_smaller_than_the_image_is_refused(tiny_arm: Arm, change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="pad"):
        build(tiny_arm({"input": change}), 0, None)


def test_images_too_small_for_vgg_are_refused(
    resolved: Study, vgg_weights: dict[str, np.ndarray]
) -> None:
    arm = resolved("smoke").arms["vgg_raw"]
    arm = arm.model_copy(update={"input": arm.input.model_copy(update={"downscale": 4})})
    with pytest.raises(ValueError, match="32 px"):
        build(arm, 0, vgg_weights)


# --- VGG networks -----------------------------------------------------------------------------

KERAS_S = {"vgg16": keras.applications.VGG16, "vgg19": keras.applications.VGG19}
SECTIONS = {"vgg16": Vgg16Settings, "vgg19": Vgg19Settings}


def keras_s_own(architecture: str) -> keras.Model:
    return KERAS_S[architecture](include_top=False, weights=None, input_shape=(32, 32, 3))


@pytest.mark.parametrize(("architecture", "count"), [("vgg16", 13), ("vgg19", 16)])
def test_vgg_is_keras_s_with_the_given_weights(
    architecture: str, count: int, resolved: Study, vgg19_arm: ArmConfig
) -> None:
    arm = resolved("smoke").arms["vgg_raw"] if architecture == "vgg16" else vgg19_arm
    assert arm.model.architecture == architecture
    imagenet = arm.model.model_copy(update={"weights": "md5:of_them"})
    arm = arm.model_copy(update={"model": imagenet})
    weights = random_weights(architecture)
    model = build(arm, 0, weights)
    keras_s = keras_s_own(architecture)
    convolutions = [layer for layer in keras_s.layers if isinstance(layer, keras.layers.Conv2D)]
    assert len(convolutions) == count
    assert kernel_shapes(architecture) == {x.name: tuple(x.kernel.shape) for x in convolutions}
    for layer in convolutions:
        kernel, bias = model.get_layer(layer.name).get_weights()
        np.testing.assert_array_equal(kernel, weights[f"{layer.name}/kernel"])
        np.testing.assert_array_equal(bias, weights[f"{layer.name}/bias"])
        layer.set_weights([kernel, bias])
    names = [layer.name for layer in keras_s.layers if layer.name.startswith("block")]
    assert [layer.name for layer in model.layers if layer.name.startswith("block")] == names
    images = raw_images(arm)
    features = prepared(model, "block5_pool", images)
    expected = logits(keras_s, prepared(model, "standardized", images))
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("architecture", ["vgg16", "vgg19"])
def test_as_many_layers_may_be_frozen_as_keras_counts(architecture: str) -> None:
    count = len(keras_s_own(architecture).layers)
    settings = {"weights": "none", "dense": [], "dense_dropout": 0.0}
    assert SECTIONS[architecture](**settings, frozen_layers=count).frozen_layers == count
    with pytest.raises(ValueError, match=f"less than or equal to {count}"):
        SECTIONS[architecture](**settings, frozen_layers=count + 1)


@pytest.mark.parametrize("name", ["vgg_raw", "vgg_augmented"])
def test_the_first_five_layers_of_vgg_are_frozen(
    name: str, resolved: Study, vgg_weights: dict[str, np.ndarray]
) -> None:
    model = build(resolved("smoke").arms[name], 0, vgg_weights)
    blocks = [layer for layer in model.layers if layer.name.startswith("block")]
    assert [layer.name for layer in blocks if not layer.trainable] == FROZEN
    # As Keras counts them: its first is the input.
    assert [layer.name for layer in keras_s_own("vgg16").layers[1:5]] == FROZEN
    assert len(model.trainable_weights) == 2 * (13 - 3) + 2 * 3
    assert [layer.units for layer in model.layers if isinstance(layer, keras.layers.Dense)] == [
        1024, 1024, 10
    ]  # fmt: skip


def test_nothing_is_frozen_where_none_is_asked_for(
    resolved: Study, vgg_weights: dict[str, np.ndarray]
) -> None:
    arm = resolved("smoke").arms["vgg_raw"]
    for count in (0, 1):  # the input has nothing to freeze
        change = arm.model.model_copy(update={"frozen_layers": count})
        model = build(arm.model_copy(update={"model": change}), 0, vgg_weights)
        assert all(layer.trainable for layer in model.layers)


def test_asking_for_weights_that_are_not_there_is_refused(resolved: Study) -> None:
    with pytest.raises(ValueError, match="none were given"):
        build(resolved("smoke").arms["vgg_raw"], 0, None)


# --- seeds, precision, saving -----------------------------------------------------------------


def test_a_seed_fixes_the_weights_and_another_gives_others(tiny_arm: Arm) -> None:
    first, again, other = (build(tiny_arm(), s, None).get_weights() for s in (0, 0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    kernels = [i for i, array in enumerate(first) if array.ndim > 1]
    assert len(kernels) == 5
    assert not any(np.array_equal(first[i], other[i]) for i in kernels)


def test_the_global_random_state_has_no_part_in_the_weights_and_dropout(tiny_arm: Arm) -> None:
    outputs, weights = [], []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        model = build(tiny_arm(), 0, None)
        weights.append(model.get_weights())
        images = raw_images(tiny_arm(), 8)
        outputs.append(keras.ops.convert_to_numpy(model(images, training=True)))
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))
    np.testing.assert_array_equal(*outputs)


def kernels(model: keras.Model) -> dict[str, np.ndarray]:
    return {x.name: x.get_weights()[0] for x in model.layers if hasattr(x, "kernel")}


def test_layers_of_one_network_draw_from_streams_of_their_own(tiny_arm: Arm) -> None:
    arm = tiny_arm({"model": {"blocks": [[4, 4], [4]], "width": 1.0}})
    model = build(arm, 0, None)
    drawn = kernels(model)
    assert drawn["conv_2"].shape == drawn["conv_3"].shape
    assert not np.array_equal(drawn["conv_2"], drawn["conv_3"])
    seeds = [layer.seed for layer in model.layers if layer.name in dropouts(model)]
    assert len(seeds) == len(set(seeds)) == 3


def test_a_kernel_is_glorot_and_bengio_s(tiny_arm: Arm) -> None:
    """Uniform within the square root of 6 over the units that a unit of it has to do with."""
    model = build(tiny_arm({"model": {"blocks": [[64], [64]], "width": 1.0}}), 0, None)
    limit = np.sqrt(6 / (9 * 64 + 9 * 64))
    kernel = kernels(model)["conv_2"]
    assert np.abs(kernel).max() == pytest.approx(limit, rel=0.01)
    assert kernel.std() == pytest.approx(limit / np.sqrt(3), rel=0.01)
    assert kernel.mean() == pytest.approx(0, abs=limit / 100)


PAIRED = ["adam", "no_dropout", "l1", "l2", "head_1024", "head_512_32"]


@pytest.mark.parametrize("name", PAIRED)
def test_arms_start_from_the_same_weights_wherever_they_have_the_same_layer(
    name: str, resolved: Study
) -> None:
    arms = resolved("smoke").arms
    ours, baseline = (kernels(build(arms[arm], 3, None)) for arm in (name, "baseline"))
    shared = [x for x in ours if x in baseline and ours[x].shape == baseline[x].shape]
    expected = {*baseline} - ({"dense_1", "logits"} if name == "head_1024" else set())
    expected -= {"logits"} if name == "head_512_32" else set()
    assert set(shared) == expected
    for layer in shared:
        np.testing.assert_array_equal(ours[layer], baseline[layer])


def test_a_dropout_layer_draws_the_same_masks_whatever_other_layers_there_are(
    tiny_arm: Arm,
) -> None:
    both = build(tiny_arm(), 3, None)
    alone = build(tiny_arm({"model": {"spatial_dropout": [0.0, 0.0]}}), 3, None)
    assert "spatial_dropout_1" not in dropouts(alone)
    ones = np.ones((2, 6, 6, 8), np.float32)
    masks = [
        keras.ops.convert_to_numpy(model.get_layer("dropout_2")(ones, training=True))
        for model in (both, alone)
    ]
    np.testing.assert_array_equal(*masks)
    assert 0 < np.mean(masks[0] == 0) < 1


@pytest.mark.parametrize("name", ["baseline", "vgg_augmented"])
def test_half_precision_has_float32_logits_and_variables(
    name: str, resolved: Study, vgg_weights: dict[str, np.ndarray]
) -> None:
    arm = resolved("smoke").arms[name]
    model = build(arm.model_copy(update={"precision": "mixed_bfloat16"}), 0, vgg_weights)
    assert model.get_layer("flatten").compute_dtype == "bfloat16"
    assert model.get_layer("logits").compute_dtype == "float32"
    assert logits(model, raw_images(arm)).dtype == np.float32
    assert {v.dtype for v in model.trainable_variables} == {"float32"}


def test_keras_s_own_precision_is_left_as_it_was(tiny_arm: Arm) -> None:
    before = keras.config.dtype_policy()
    build(tiny_arm({"precision": "mixed_bfloat16"}), 0, None)
    assert keras.config.dtype_policy() is before
    with pytest.raises(ValueError, match="pad"):
        build(tiny_arm({"precision": "mixed_bfloat16", "input": {"pad": 3}}), 0, None)
    assert keras.config.dtype_policy() is before


@pytest.mark.parametrize("name", ["baseline", "vgg_augmented"])
@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_a_saved_network_predicts_the_same_from_raw_images(
    name: str,
    precision: str,
    tmp_path: Path,
    resolved: Study,
    vgg_weights: dict[str, np.ndarray],
) -> None:
    arm = resolved("smoke").arms[name]
    model = build(arm.model_copy(update={"precision": precision}), 0, vgg_weights)
    model.save(tmp_path / "network.keras")
    images = raw_images(arm, 3)
    for loaded in (
        keras.saving.load_model(tmp_path / "network.keras", compile=False),
        load(tmp_path / "network.keras", arm.model_copy(update={"precision": precision}), 1),
    ):
        np.testing.assert_array_equal(logits(loaded, images), logits(model, images))
        assert [x.name for x in loaded.layers] == [x.name for x in model.layers]
