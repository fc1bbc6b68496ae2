"""MNIST, read from whichever archive served it and checked by content."""

import gzip
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from ablation.base.errors import UserError
from ablation.sources.download import matches

_UBYTE = 0x08  # the IDX type code of unsigned bytes, the only one MNIST uses
# Keras's name of each array, and how the name of its IDX file begins.
_PARTS = {
    "x_train": "train-images",
    "y_train": "train-labels",
    "x_test": "t10k-images",
    "y_test": "t10k-labels",
}


def read_mnist(path: Path, digests: Mapping[str, str]) -> dict[str, NDArray[np.uint8]]:
    """The four arrays of MNIST: x_train, y_train, x_test, y_test, as Keras names them.

    `path` is Keras's mnist.npz or a zip (a wheel, say) that holds the four IDX files, gzipped or
    not. `digests` maps the four names to the digest of each IDX file, "md5:HEX" or "sha256:HEX",
    so the arrays are the same whichever archive they came in. Returns images (n, 28, 28) and
    labels (n,), uint8. Raises UserError where the archive, an array or a digest is wrong.
    """
    if set(digests) != set(_PARTS):
        raise UserError(
            f"MNIST digests for {', '.join(sorted(digests))}: expected {', '.join(_PARTS)}"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            keras = "x_train.npy" in archive.namelist()
            streams = {} if keras else {name: _member(archive, name) for name in _PARTS}
        if keras:
            with np.load(path, allow_pickle=False) as arrays:
                streams = {name: write_idx(arrays[name]) for name in _PARTS}
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise UserError(f"{path}: no MNIST archive: {error}") from error
    for name, stream in streams.items():
        if not matches([stream], digests[name]):
            raise UserError(f"{path}: the content of {name} does not have {digests[name]}")
    return {name: read_idx(stream) for name, stream in streams.items()}


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """The bytes of the IDX file for `name`, wherever in the archive it lies."""
    for member in archive.namelist():
        # macOS packs a companion "._NAME" of its own beside each file; the prefix skips it.
        if PurePosixPath(member).name.startswith(_PARTS[name]):
            data = archive.read(member)
            return write_idx(read_idx(data)) if data[:2] == b"\x1f\x8b" else data
    raise KeyError(f"no file {_PARTS[name]}*")


def read_idx(data: bytes) -> NDArray[np.uint8]:
    """The array that the bytes of an IDX file hold (http://yann.lecun.com/exdb/mnist).

    `data` may be gzipped. Returns uint8 in the shape that the header gives, read-only.
    Raises ValueError where `data` is no IDX file of unsigned bytes or has the wrong length.
    """
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] != _UBYTE:
        raise ValueError(f"not an IDX file of unsigned bytes: it begins with {data[:4].hex()}")
    header = 4 + 4 * data[3]
    if len(data) < header:
        raise ValueError(f"an IDX file cut short in its header: {len(data)} of {header} bytes")
    shape = struct.unpack(f">{data[3]}I", data[4:header])
    expected = header + int(np.prod(shape, dtype=np.int64))
    if len(data) != expected:
        raise ValueError(f"an IDX file of {len(data)} bytes: its header asks for {expected}")
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape)


def write_idx(array: NDArray[np.uint8]) -> bytes:
    """The IDX file that holds `array` (uint8, any shape): the inverse of `read_idx`.

    MNIST is published in several wrappings, but its digests are those of the IDX files.
    Raises ValueError where `array` is not uint8.
    """
    if array.dtype != np.uint8:
        raise ValueError(f"an array of type {array.dtype} for an IDX file: expected uint8")
    header = struct.pack(f">HBB{array.ndim}I", 0, _UBYTE, array.ndim, *array.shape)
    return header + np.ascontiguousarray(array).tobytes()
