"""A damaged array is never used: one line says which file, and which stage to run again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.base.arrays import read_labelled, read_npy, read_npz, read_split
from ablation.base.errors import UserError

IMAGES = np.arange(5 * 4 * 4, dtype=np.uint8).reshape(5, 4, 4)
LABELS = np.arange(5, dtype=np.uint8)
NPZ = {"a": np.arange(30), "b": np.ones((3, 4), np.float32)}


def refused(read: Callable[[], Any], path: Path, stage: str) -> str:
    with pytest.raises(UserError) as error:
        read()
    told = str(error.value)
    assert told.startswith(str(path))
    assert told.endswith(f"; remove {path.name} and run `dvc repro {stage}`")
    assert told.isprintable()
    return told.removeprefix(str(path))


@pytest.fixture
def npz(tmp_path: Path) -> Path:
    np.savez(tmp_path / "0.npz", **NPZ)  # type: ignore[arg-type]
    return tmp_path / "0.npz"


@pytest.fixture
def data_set(tmp_path: Path) -> Path:
    np.save(tmp_path / "images.npy", IMAGES)
    np.save(tmp_path / "labels.npy", LABELS)
    return tmp_path


def test_whole_arrays_are_read(npz: Path, data_set: Path) -> None:
    read = read_npz(npz, "split")
    assert read.keys() == NPZ.keys()
    for name, array in NPZ.items():
        np.testing.assert_array_equal(read[name], array)
    assert list(read_npz(npz, "split", ["b"])) == ["b"]
    images, labels = read_labelled(data_set, "preprocess")
    assert isinstance(images, np.memmap)
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(labels, LABELS)
    assert not isinstance(labels, np.memmap)
    (data_set / "labels.npy").unlink()
    assert read_labelled(data_set, "preprocess")[1] is None
    np.save(data_set / "empty.npy", np.zeros((0, 4)))
    assert read_npy(data_set / "empty.npy", None).shape == (0, 4)


def test_a_missing_file_is_left_to_the_stage(tmp_path: Path) -> None:
    for read in (read_npz, read_npy):
        with pytest.raises(FileNotFoundError) as error:
            read(tmp_path / "a", "split")
        assert error.value.filename == str(tmp_path / "a")


def test_a_missing_array_is_named(npz: Path) -> None:
    assert "lacks" in refused(lambda: read_npz(npz, "split", ["c"]), npz, "split")


@given(st.data())
def test_a_file_of_arrays_that_was_cut_or_changed_is_refused_or_whole(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Some bytes of a zip, such as dates, mean nothing; then the arrays are what was written."""
    path = tmp_path_factory.mktemp("arrays") / "0.npz"
    np.savez(path, **NPZ)  # type: ignore[arg-type]
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        for _ in range(data.draw(st.integers(1, 3))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    with contextlib.suppress(UserError):
        read = read_npz(path, "split", NPZ)
        for name, array in NPZ.items():
            np.testing.assert_array_equal(read[name], array)


@pytest.mark.parametrize("length", [0, 1, 6, 60, 127, 128, 150, 207])
@pytest.mark.parametrize("mmap", [True, False])
def test_an_array_that_was_cut_is_refused(length: int, mmap: bool, data_set: Path) -> None:
    path = data_set / "images.npy"
    path.write_bytes(path.read_bytes()[:length])
    refused(lambda: read_npy(path, "preprocess", mmap), path, "preprocess")


@pytest.mark.parametrize(
    "content",
    [
        b"garbage" * 100,
        b"\x93NUMPY\x01\x00\x76\x00" + b"(" * 117 + b"\n",
        b"\x93NUMPY\x01\x00\x76\x00"
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999,)}".ljust(118),
        b"\x80\x04\x95\x00",
    ],
    ids=["garbage", "brackets", "a huge shape", "a pickle"],
)  # fmt: skip
def test_garbage_is_refused(content: bytes, tmp_path: Path) -> None:
    for name in ("a.npy", "a.npz"):
        (tmp_path / name).write_bytes(content)
    refused(lambda: read_npy(tmp_path / "a.npy", "preprocess"), tmp_path / "a.npy", "preprocess")
    refused(lambda: read_npz(tmp_path / "a.npz", "split"), tmp_path / "a.npz", "split")


def test_what_follows_an_array_is_refused(data_set: Path) -> None:
    path = data_set / "labels.npy"
    path.write_bytes(path.read_bytes() + b"x")
    assert "longer" in refused(lambda: read_npy(path, "admit"), path, "admit")


def test_one_kind_of_file_in_the_place_of_the_other_is_refused(npz: Path, data_set: Path) -> None:
    refused(lambda: read_npy(npz, "split"), npz, "split")
    labels = data_set / "labels.npy"
    refused(lambda: read_npz(labels, "split"), labels, "split")


def test_objects_are_not_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.array([{}], dtype=object), allow_pickle=True)
    refused(lambda: read_npy(path, "admit"), path, "admit")


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("images", IMAGES.astype(np.float32)),
        ("images", IMAGES.reshape(5, 16)),
        ("images", IMAGES.reshape(5, 2, 8)),
        ("labels", LABELS[:4]),
        ("labels", LABELS.astype(float)),
        ("labels", LABELS.reshape(5, 1)),
    ],
)
def test_a_data_set_of_another_form_is_refused(
    name: str, array: np.ndarray, data_set: Path
) -> None:
    path = data_set / f"{name}.npy"
    np.save(path, array)
    refused(lambda: read_labelled(data_set, "preprocess"), path, "preprocess")


@pytest.mark.parametrize(
    ("training", "validation"),
    [([0, 1, 2], [4]), ([0, 1, 2, 3], [3]), ([0, 1, 2, 3], [5]), ([0, 1, 2, -1], [4]),
     ([[0, 1], [2, 3]], [4]), ([0.0, 1.0, 2.0, 3.0], [4.0])],
    ids=str,
)  # fmt: skip
def test_a_split_of_other_images_is_refused(
    training: list[Any], validation: list[Any], tmp_path: Path
) -> None:
    path = tmp_path / "0.npz"
    np.savez(path, mnist_training=[3, 0, 2, 1], mnist_validation=[4])
    assert [list(part) for part in read_split(path, "mnist", 5)] == [[3, 0, 2, 1], [4]]
    np.savez(path, mnist_training=training, mnist_validation=validation)
    refused(lambda: read_split(path, "mnist", 5), path, "split")
