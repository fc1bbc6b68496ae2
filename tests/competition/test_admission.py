"""An external test set: read as it is, or refused in one line."""

from __future__ import annotations

import os
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ablation.base.errors import UserError
from ablation.competition.admission import as_images, as_labels, read_external

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 128, 128), np.uint8)
LABELS = np.array([9, 0, 3, 3, 1])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "real.npz"


def refusal(path: Path) -> str:
    with pytest.raises(UserError) as error:
        read_external(path)
    message = str(error.value)
    assert "\n" not in message
    assert str(path) in message
    return message


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_images_and_labels(path: Path, save: Any) -> None:
    save(path, images=IMAGES, labels=LABELS, anything_else=np.zeros(3))
    images, labels = read_external(path)
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(labels, LABELS)
    assert images.dtype == labels.dtype == np.uint8


@pytest.mark.parametrize("kind", ["u1", "u2", "i8", "f4", "f8", ">f8"])
def test_whole_numbers_of_any_type_are_kept(kind: str) -> None:
    images = np.tile(IMAGES, (500, 1, 1))  # more than are looked at together
    np.testing.assert_array_equal(as_images(images.astype(kind), "x"), images)
    np.testing.assert_array_equal(as_labels(LABELS.astype(kind), "x"), LABELS)


def test_a_wrong_value_is_told_with_its_row_in_the_file() -> None:
    images = np.tile(IMAGES, (500, 1, 1)).astype(np.float32)
    images[2222, 100, 3] = 17.25
    with pytest.raises(UserError, match=r"^x holds 17.25 in row 2222 "):
        as_images(images, "x")


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"images": IMAGES}, "no array 'labels' in it, only: images"),
        ({"labels": LABELS}, "no array 'images' in it, only: labels"),
        ({"images": IMAGES[:4], "labels": LABELS}, "4 images and 5 labels"),
        ({"images": IMAGES[:, :64, :64], "labels": LABELS}, "(5, 64, 64); allowed: (n, 128, 128)"),
        ({"images": IMAGES[0], "labels": LABELS}, "(128, 128); allowed"),
        ({"images": IMAGES / 255, "labels": LABELS}, "allowed: whole numbers 0..255"),
        ({"images": IMAGES > 9, "labels": LABELS}, "type bool; allowed"),
        ({"images": IMAGES, "labels": LABELS + 1}, "holds 10 in row 0"),
        ({"images": IMAGES, "labels": LABELS[:, None]}, "(5, 1); allowed: (n,)"),
        ({"images": IMAGES, "labels": LABELS.astype(str)}, "type <U21; allowed"),
        ({"images": IMAGES.astype(object), "labels": LABELS}, "pickle"),
    ],
)
def test_wrong_arrays_are_told(path: Path, arrays: dict[str, np.ndarray], said: str) -> None:
    np.savez(path, **arrays)
    assert said in refusal(path)


class Runs:
    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


def test_an_array_that_runs_a_command_is_refused_and_does_not(path: Path) -> None:
    made = path.parent / "made"
    np.savez(path, images=np.array([Runs(f"touch {made}")], object), labels=LABELS)
    refusal(path)
    assert not made.exists()


def test_a_file_of_another_kind_is_told(path: Path) -> None:
    for content in (b"", b"text", b"PK\x03\x04 broken"):
        path.write_bytes(content)
        refusal(path)
    with path.open("wb") as file:
        np.save(file, IMAGES)
    assert "one array without a name" in refusal(path)
    np.savez(path, images=IMAGES, labels=LABELS)
    path.write_bytes(path.read_bytes()[:-40])
    refusal(path)


def test_a_missing_file_is_told(path: Path) -> None:
    assert "is missing" in refusal(path)


def bomb(path: Path, header: str, size: int) -> None:
    """A small archive whose `images` unpack to `size` bytes of noughts."""
    head = header.ljust(117).encode() + b"\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        with archive.open("images.npy", "w") as file:
            file.write(b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head)
            for _ in range(size >> 20):
                file.write(bytes(1 << 20))
        archive.writestr("labels.npy", b"")


@pytest.mark.parametrize(
    ("shape", "kind", "said"),
    [
        ("(2000000, 128, 128)", "|u1", "holds 2000000 images; allowed: at most 200000"),
        ("(3000, 128, 129)", "|u1", "of the shape (3000, 128, 129); allowed: (n, 128, 128)"),
        (f"({'1, ' * 30})", "|u1", "of the shape (1, 1"),
        ("(3, 128, 128)", "|O", "of the type object"),
        ("(3, 128, 128)", "|S9999", "of the type"),
    ],
)
def test_a_small_file_of_large_arrays_is_refused_by_their_headers(
    path: Path, shape: str, kind: str, said: str
) -> None:
    bomb(path, f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}", 64 << 20)
    tracemalloc.start()
    assert said in refusal(path)
    assert tracemalloc.get_traced_memory()[1] < 10 << 20
    tracemalloc.stop()
