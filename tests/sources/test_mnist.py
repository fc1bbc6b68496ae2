"""MNIST is read the same from either archive, and nothing else passes for it."""

import gzip
import hashlib
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ablation.sources.mnist import read_mnist, write_idx

MEMBERS = {
    "x_train": "train-images.idx3-ubyte",
    "y_train": "train-labels.idx1-ubyte",
    "x_test": "t10k-images.idx3-ubyte",
    "y_test": "t10k-labels.idx1-ubyte",
}


@pytest.fixture
def content() -> dict[str, NDArray[np.uint8]]:
    rng = np.random.default_rng(0)
    shapes = {"x_train": (7, 28, 28), "y_train": (7,), "x_test": (3, 28, 28), "y_test": (3,)}
    return {name: rng.integers(0, 256, shape, np.uint8) for name, shape in shapes.items()}


@pytest.fixture
def digests(content: dict[str, NDArray[np.uint8]]) -> dict[str, str]:
    return {
        name: f"md5:{hashlib.md5(write_idx(array)).hexdigest()}" for name, array in content.items()
    }


def zipped(path: Path, content: dict[str, NDArray[np.uint8]], suffix: str = "") -> Path:
    """The wheel's layout, with the companions that macOS adds in front of the real files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in MEMBERS.items():
            archive.writestr(f"__MACOSX/dir/._{member}", b"\0\5\x16\7")
            data = write_idx(content[name])
            archive.writestr(f"dir/{member}{suffix}", gzip.compress(data) if suffix else data)
    return path


def test_both_archives_give_the_same_arrays(
    tmp_path: Path, content: dict[str, NDArray[np.uint8]], digests: dict[str, str]
) -> None:
    np.savez(tmp_path / "mnist.npz", allow_pickle=False, **content)
    for path in (
        tmp_path / "mnist.npz",
        zipped(tmp_path / "mnist.whl", content),
        zipped(tmp_path / "gz.zip", content, ".gz"),
    ):
        read = read_mnist(path, digests)
        assert list(read) == list(content)
        for name, array in content.items():
            np.testing.assert_array_equal(read[name], array)
            assert read[name].dtype == np.uint8


def test_changed_content_is_refused(
    tmp_path: Path, content: dict[str, NDArray[np.uint8]], digests: dict[str, str]
) -> None:
    content["y_test"] = content["y_test"] ^ np.uint8(1)
    for path in (tmp_path / "mnist.npz", tmp_path / "mnist.zip"):
        if path.suffix == ".npz":
            np.savez(path, allow_pickle=False, **content)
        else:
            zipped(path, content)
        with pytest.raises(ValueError, match="the content of y_test does not have md5:"):
            read_mnist(path, digests)


def test_what_is_no_mnist_archive_is_refused_in_one_line(
    tmp_path: Path, content: dict[str, NDArray[np.uint8]], digests: dict[str, str]
) -> None:
    page, empty, pickled, partial = (tmp_path / name for name in ("page", "zip", "npz", "part"))
    page.write_text("<html>")
    zipfile.ZipFile(empty, "w").close()
    with pickled.open("wb") as file:
        np.savez(file, x_train=np.array([{}], dtype=object))
    with partial.open("wb") as file:
        np.savez(file, x_train=content["x_train"])
    for path in (page, empty, pickled, partial, tmp_path / "nothing"):
        with pytest.raises(ValueError, match="no MNIST archive") as error:
            read_mnist(path, digests)
        assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match="expected x_train, y_train, x_test, y_test"):
        read_mnist(zipped(tmp_path / "whole.zip", content), {"x_train": digests["x_train"]})
