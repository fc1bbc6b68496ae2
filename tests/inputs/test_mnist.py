"""MNIST is read the same from either archive, and nothing else passes for it."""

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from ablation.base.errors import UserError
from ablation.inputs.mnist import PARTS, read_idx, read_mnist, write_idx

Content = dict[str, NDArray[np.uint8]]


@pytest.fixture
def content() -> Content:
    rng = np.random.default_rng(0)
    shapes = {"x_train": (7, 28, 28), "y_train": (7,), "x_test": (3, 28, 28), "y_test": (3,)}
    return {name: rng.integers(0, 256, shape, np.uint8) for name, shape in shapes.items()}


@pytest.fixture
def digests(content: Content) -> dict[str, str]:
    return {
        name: f"md5:{hashlib.md5(write_idx(array)).hexdigest()}" for name, array in content.items()
    }


def keras(path: Path, content: Content) -> Path:
    np.savez(path, allow_pickle=False, **content)
    return path


def zipped(path: Path, content: Content) -> Path:
    """The wheel's layout, with the companions that macOS adds in front of the real files."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, prefix in PARTS.items():
            archive.writestr(f"__MACOSX/dir/._{prefix}-ubyte", b"\0\5\x16\7")
            archive.writestr(f"dir/{prefix}-ubyte", write_idx(content[name]))
    return path


def test_every_archive_gives_the_same_arrays(
    tmp_path: Path, content: Content, digests: dict[str, str]
) -> None:
    for path in (keras(tmp_path / "m.npz", content), zipped(tmp_path / "m.whl", content)):
        read = read_mnist(path, digests)
        assert list(read) == list(content)
        for name, array in content.items():
            np.testing.assert_array_equal(read[name], array)
            assert read[name].dtype == np.uint8


def test_changed_content_is_refused(
    tmp_path: Path, content: Content, digests: dict[str, str]
) -> None:
    content["y_test"] = content["y_test"] ^ np.uint8(1)
    for path in (keras(tmp_path / "m.npz", content), zipped(tmp_path / "m.zip", content)):
        with pytest.raises(UserError, match="the content of y_test does not have md5:"):
            read_mnist(path, digests)


def test_an_idx_file_written_by_hand_is_read() -> None:
    data = bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6])
    np.testing.assert_array_equal(read_idx(data), [[1, 2, 3], [4, 5, 6]])


@given(arrays(np.uint8, array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5)))
def test_idx_round_trip(array: NDArray[np.uint8]) -> None:
    np.testing.assert_array_equal(read_idx(write_idx(array)), array)
