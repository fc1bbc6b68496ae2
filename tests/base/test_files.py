"""Files are written whole or not at all, and read as they were written."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.base import arrays, files
from ablation.base.errors import UserError
from ablation.base.section import Section
from tests.params import ROOT


class Speed(Section):
    speed: int


def test_a_file_is_replaced_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "data.npz"
    files.write_text(path, "old")  # its folders are made
    with files.replacing(path) as temporary:
        assert temporary.suffix == ".npz"  # NumPy would append one
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_after_an_error_the_old_file_stays(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "data.csv"
    path.write_text("old")

    def write() -> None:
        with files.replacing(path) as temporary:
            temporary.write_text("ne")
            raise error

    with pytest.raises(error):
        write()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_killed_writer_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("old")
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom ablation.base.files import replacing\n"
        "with replacing(Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_text('ne')\n    os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False, cwd=ROOT)
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old"


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(trees)
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, tree: Any) -> None:
    folder = tmp_path_factory.mktemp("trees")
    files.write_yaml(folder / "a.yaml", tree)
    files.write_json(folder / "a.json", tree)
    assert files.read_yaml(folder / "a.yaml") == tree
    assert files.read_json(folder / "a.json") == tree


def test_arrays_are_read_again(tmp_path: Path) -> None:
    labels = np.arange(5, dtype=np.uint8)
    np.save(tmp_path / "labels.npy", labels)
    read = arrays.read_npy(tmp_path / "labels.npy", mmap=True)
    assert isinstance(read, np.memmap)
    assert (read == labels).all()
    parts = {"mnist_training": np.array([3, 0, 2, 1]), "mnist_validation": np.array([4])}
    arrays.write_npz(tmp_path / "0.npz", parts | {"other": labels})
    assert [list(part) for part in arrays.read_split(tmp_path / "0.npz", "mnist")] == [
        [3, 0, 2, 1], [4],
    ]  # fmt: skip
    assert list(arrays.read_npz(tmp_path / "0.npz")) == [*parts, "other"]
    # The same bytes under every Python: runs depend on the file of a split.
    assert hashlib.sha256((tmp_path / "0.npz").read_bytes()).hexdigest() == (
        "281cec964b21a235708d22044f166a5f6b3191ae45e8d7743356229eae26084a"
    )


def test_a_pixel_of_a_halved_image_is_the_mean_of_four_halves_rounded_up() -> None:
    image = np.array([[0, 1, 255, 255], [0, 1, 255, 254], [4, 5, 0, 0], [6, 8, 0, 1]], np.uint8)
    many = np.repeat(image[None], arrays.BLOCK + 1, axis=0)
    found = arrays.halved(many)
    assert (found.dtype, found.shape) == (np.uint8, (len(many), 2, 2))
    assert (found == [[1, 255], [6, 0]]).all()  # of 0.5, 254.75, 5.75 and 0.25


@pytest.mark.parametrize(
    ("name", "content", "read"),
    [
        ("a.json", b'{"a": 1', files.read_json),
        ("a.json", b"\xff", files.read_json),
        ("a.yaml", b"a: [1", files.read_yaml),
        ("a.yaml", b"speed: fast", lambda path: files.read_config(path, Speed)),
        ("a.npz", b"PK\x03\x04", arrays.read_npz),
        ("a.npz", b"", arrays.read_npz),
        ("a.npy", b"\x93NUMPY\x01\x00v\x00{", arrays.read_npy),
    ],
)
def test_a_damaged_file_is_one_line_that_names_it(
    name: str, content: bytes, read: Callable[[Path], Any], tmp_path: Path
) -> None:
    path = tmp_path / name
    with pytest.raises(FileNotFoundError):
        read(path)
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        read(path)
    assert str(error.value).startswith(f"{path} is damaged (")
    assert "\n" not in str(error.value)
