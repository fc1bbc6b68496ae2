"""MNIST, read from whichever archive served it and checked by content."""

import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from ablation.base.errors import UserError
from ablation.composition.digits import read_idx, write_idx
from ablation.sources.download import matches

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
