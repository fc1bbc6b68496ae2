"""The competition's files, made here in its format: read right, and nothing in them is run."""

from __future__ import annotations

import io
import os
import pickle
import sys
import time
import tracemalloc
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.base.errors import UserError
from ablation.competition import kaggle

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
SIDE = 128


def images(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, SIDE, SIDE), np.uint8)


def csv_of(labels: list[int]) -> str:
    rows = [f'"{key}","{label}"' for key, label in enumerate(labels)]
    return "\n".join(['"Id","Label"', *rows]) + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six training and four test images, as the competition gives them."""
    (tmp_path / "train_max_x").write_bytes(pickle.dumps(images(6), protocol=2))
    (tmp_path / "train_max_y.csv").write_text(csv_of([9, 8, 0, 3, 9, 1]))
    (tmp_path / "test_max_x").write_bytes(pickle.dumps(images(4, 1).astype(float), protocol=4))
    return tmp_path


def refusal(read: Callable[[Path], Any], path: Path) -> str:
    """The message that `path` is refused with, which must be one line that names it."""
    with pytest.raises(UserError) as error:
        read(path)
    message = str(error.value)
    assert "\n" not in message
    assert str(path) in message
    return message


# --- what is read -----------------------------------------------------------------------------


def test_the_three_files(folder: Path) -> None:
    data = kaggle.read(folder)
    np.testing.assert_array_equal(data.train_images, images(6))
    np.testing.assert_array_equal(data.train_labels, [9, 8, 0, 3, 9, 1])
    np.testing.assert_array_equal(data.test_images, images(4, 1))
    assert {array.dtype for array in vars(data).values()} == {np.dtype(np.uint8)}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "kind", ["u1", "i2", "i4", "u8", "f2", "f4", "f8", ">f4", ">i2"]
)  # fmt: skip
def test_any_protocol_and_plain_type(tmp_path: Path, protocol: int, kind: str) -> None:
    array = images(2).astype(kind)
    (tmp_path / "x").write_bytes(pickle.dumps(array, protocol=protocol))
    read = kaggle.read_array(tmp_path / "x")
    np.testing.assert_array_equal(read, array)
    assert read.dtype == array.dtype


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_columns_first_and_views(tmp_path: Path, protocol: int) -> None:
    for array in (np.asfortranarray(images(2)), images(4)[::2], images(2).transpose(0, 2, 1)):
        (tmp_path / "x").write_bytes(pickle.dumps(array, protocol=protocol))
        np.testing.assert_array_equal(kaggle.read_array(tmp_path / "x"), array)


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"numpy._core.multiarray", b"numpy.core.multiarray"),
     (b"numpy._core.numeric", b"numpy.core.numeric")],
)  # fmt: skip
@pytest.mark.parametrize("protocol", [2, 3])  # whose names have no length before them
def test_numpy_1_s_names(tmp_path: Path, protocol: int, old: bytes, new: bytes) -> None:
    content = pickle.dumps(images(2), protocol=protocol).replace(old, new)
    (tmp_path / "x").write_bytes(content)
    np.testing.assert_array_equal(kaggle.read_array(tmp_path / "x"), images(2))


def test_a_pickle_of_python_2(tmp_path: Path) -> None:
    """Its `str` is text today, and held an array's bytes."""
    content = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x01K\x02K\x02\x87cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R"
        b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x04\x00\x7f\x80\xfftb."
    )
    (tmp_path / "x").write_bytes(content)
    np.testing.assert_array_equal(kaggle.read_array(tmp_path / "x"), [[[0, 127], [128, 255]]])


def test_labels_are_in_the_order_of_id(tmp_path: Path) -> None:
    path = tmp_path / "y.csv"
    path.write_bytes(b'\xef\xbb\xbf"Id","Label"\r\n"2","7"\r\n"0","5"\r\n\r\n"1","6"\r\n')
    np.testing.assert_array_equal(kaggle.read_labels(path), [5, 6, 7])


# --- what would run code ----------------------------------------------------------------------


class Runs:
    """A pickle that calls `function` when it is loaded as pickles usually are."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.call


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_pickle_that_runs_a_command_is_refused_and_does_not(
    tmp_path: Path, protocol: int
) -> None:
    made = tmp_path / "made"
    content = pickle.dumps(Runs(os.system, f"touch {made}"), protocol=protocol)
    (tmp_path / "x").write_bytes(content)
    message = refusal(kaggle.read_array, tmp_path / "x")
    assert "posix.system" in message or "nt.system" in message
    assert not made.exists()
    pickle.loads(content)  # it does what it is refused for
    assert made.exists()


@pytest.mark.parametrize(
    "content",
    [
        Runs(eval, "1"),
        Runs(getattr, 1, "real"),
        Runs(os.getcwd),
        [images(1), Runs(os.getcwd)],
        types.SimpleNamespace(x=1),
        np.ma.masked_array([1.0]),
        np.datetime64("2019-01-01"),
    ],
    ids=range(7),
)
def test_any_other_name_is_refused(tmp_path: Path, content: Any) -> None:
    (tmp_path / "x").write_bytes(pickle.dumps(content, protocol=2))
    assert "which no array needs" in refusal(kaggle.read_array, tmp_path / "x")


@pytest.mark.parametrize(
    "name", [b"numpy\nload", b"numpy\ndtype.mro", b"numpy.core.multiarray\nscalar"]
)
def test_numpy_s_other_names_are_refused(tmp_path: Path, name: bytes) -> None:
    (tmp_path / "x").write_bytes(b"\x80\x02c" + name + b"\n.")
    assert "which no array needs" in refusal(kaggle.read_array, tmp_path / "x")


def test_no_codec_but_the_one_of_bytes_is_called(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(
        b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x05\x00\x00\x00rot13\x86R."
    )
    assert "rot13" in refusal(kaggle.read_array, tmp_path / "x")


def test_nothing_is_imported(tmp_path: Path) -> None:
    assert "antigravity" not in sys.modules
    (tmp_path / "x").write_bytes(b"\x80\x02cantigravity\nfly\n.")
    refusal(kaggle.read_array, tmp_path / "x")
    assert "antigravity" not in sys.modules


CONTENT = pickle.dumps(np.zeros((1, 3, 2), np.float32), protocol=2)


@given(st.data())
def test_a_damaged_pickle_is_an_array_or_one_line(data: st.DataObject) -> None:
    content = bytearray(CONTENT[: data.draw(st.integers(0, len(CONTENT)))])
    for _ in range(data.draw(st.integers(0, 4))):
        if content:
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = types.SimpleNamespace(open=lambda mode: io.BytesIO(bytes(content)))
    told = ""
    try:
        assert isinstance(kaggle.read_array(path), np.ndarray)  # type: ignore[arg-type]
    except UserError as error:
        told = str(error)
    assert "\n" not in told


# --- what is no array of the competition ------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([1, 2], "holds no array"),
        (b"abc", "holds no array"),
        (np.array(["a"], object), "type 'O8'"),
        (np.array([Runs(os.getcwd)], object), "type 'O8'"),
        (np.array(["a"]), "type 'U1'"),
        (np.zeros(2, complex), "type 'c16'"),
        (np.zeros(2, bool), "type 'b1'"),
        (np.zeros(2, [("a", "u1")]), "type 'V1'"),
    ],
)
def test_other_content_is_told(tmp_path: Path, content: Any, said: str) -> None:
    (tmp_path / "x").write_bytes(pickle.dumps(content, protocol=4))
    assert said in refusal(kaggle.read_array, tmp_path / "x")


def test_what_is_no_pickle_is_told(tmp_path: Path) -> None:
    for content in (b"", b"PK\x03\x04", b"Id,Label\n"):
        (tmp_path / "x").write_bytes(content)
        refusal(kaggle.read_array, tmp_path / "x")


def test_bytes_that_do_not_fill_the_shape_are_told(tmp_path: Path) -> None:
    content = pickle.dumps(np.zeros((1, 3), np.uint8), protocol=2).replace(
        b"K\x03\x86", b"K\x09\x86"
    )
    (tmp_path / "x").write_bytes(content)
    assert "allowed: 9" in refusal(kaggle.read_array, tmp_path / "x")


def changed(array: np.ndarray, value: float) -> np.ndarray:
    array = array.astype(np.float64)
    array[3, 5, 7] = value
    return array


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (images(6)[:, :64], "(6, 64, 128); allowed: (n, 128, 128)"),
        (images(6).reshape(6, -1), "(6, 16384); allowed: (n, 128, 128)"),
        (images(6)[:0], "(0, 128, 128); allowed"),
        (changed(images(6), np.nan), "nan in row 3"),
        (changed(images(6), np.inf), "inf in row 3"),
        (changed(images(6), -1), "-1.0 in row 3"),
        (changed(images(6), 256), "256.0 in row 3"),
        (changed(images(6), 0.5), "0.5 in row 3 (counted from 0); allowed: whole numbers 0..255"),
        (images(6).astype(np.int16) - 300, "allowed: whole numbers 0..255"),
        (images(5), "has 6 labels for the 5 images"),
    ],
)
def test_wrong_images_are_told(folder: Path, array: np.ndarray, said: str) -> None:
    (folder / "train_max_x").write_bytes(pickle.dumps(array, protocol=4))
    with pytest.raises(UserError) as error:
        kaggle.read(folder)
    assert said in str(error.value)
    assert "train_max_x" in str(error.value)


def test_wrong_test_images_are_told(folder: Path) -> None:
    (folder / "test_max_x").write_bytes(pickle.dumps(images(4)[0], protocol=4))
    assert "test_max_x" in refusal(kaggle.read, folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (csv_of([1, 2, 10]), "10 in row 2"),
        (csv_of([1, 2, -1]), "row 3 is '2,-1'"),
        (csv_of([]) + '"0","x"\n', "row 1 is '0,x'"),
        (csv_of([1, 2]) + "2\n", "row 3 is '2'"),
        (csv_of([1, 2]) + "2,3,4\n", "row 3 is '2,3,4'"),
        (csv_of([1, 2]) + "1,3\n", "Id 1 is there twice"),
        (csv_of([1, 2]) + "3,3\n", "Id 2 is missing among 3"),
        ("id,label\n0,1\n", "allowed: the header Id,Label"),
        ("0,1\n1,2\n", "begins with '0,1'"),
        ("", "begins with 'nothing'"),
    ],
)
def test_wrong_labels_are_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "y.csv").write_text(text)
    assert said in refusal(kaggle.read_labels, tmp_path / "y.csv")


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "y.csv").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read as CSV" in refusal(kaggle.read_labels, tmp_path / "y.csv")


@pytest.mark.parametrize("name", kaggle.FILES)
def test_a_missing_file_is_told(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert f"{folder / name} is missing" in refusal(kaggle.read, folder)


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    assert "is no folder" in refusal(kaggle.read, tmp_path / "nowhere")


# --- kagglehub --------------------------------------------------------------------------------


def test_without_kagglehub_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    with pytest.raises(UserError, match=r"pip install kagglehub.*data.kaggle_dir") as error:
        kaggle.download()
    assert "\n" not in str(error.value)


def test_kagglehub_is_asked_for_the_competition(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []

    def competition_download(handle: str) -> str:
        asked.append(handle)
        if len(asked) > 1:
            raise RuntimeError("403 Client Error.\n\nYou don't have permission")
        return str(tmp_path)

    module = types.SimpleNamespace(competition_download=competition_download)
    monkeypatch.setitem(sys.modules, "kagglehub", module)
    assert kaggle.download() == tmp_path
    with pytest.raises(UserError, match=r"403 Client Error. You don't have permission") as error:
        kaggle.download()
    assert "\n" not in str(error.value)
    assert asked == ["modified-mnist"] * 2


# --- what asks for more than it has -----------------------------------------------------------

HEAD = b"\x80\x02cnumpy._core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
TYPE = b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R"


def array_of(shape: bytes, content: bytes = b"U\x01a") -> bytes:
    return HEAD + b"(K\x01" + shape + TYPE + b"\x89" + content + b"tb."


LONG = (2**70_000).to_bytes(8800, "little")
GROWS = {
    "a memo of four billion places": b"\x80\x02Nr\xff\xff\xff\xff.",
    "a memo of many places, as text": b"Np4000000000\n.",
    "a memo's place of many digits": b"Np" + b"9" * 900 + b"\n.",
    "eight gigabytes of bytes": b"\x80\x04\x8e" + (8 << 30).to_bytes(8, "little") + b".",
    "a terabyte to be written to": b"\x80\x05\x96" + (1 << 40).to_bytes(8, "little") + b".",
    "text of four gigabytes": b"\x80\x02X\xff\xff\xff\xff.",
    "pairs of pairs for a shape": array_of(b"K\x01" + b"2\x86" * 60),
    "pairs of pairs for a type": b"\x80\x02cnumpy\ndtype\nK\x01" + b"2\x86" * 60 + b"\x85R.",
    "pairs of pairs for an encoding": b"\x80\x02c_codecs\nencode\nK\x01" + b"2\x86" * 60
    + b"X\x01\x00\x00\x00a2\x86R.",
    "very long numbers in a shape": array_of(
        b"(" + (b"\x8b" + len(LONG).to_bytes(4, "little") + LONG) * 50 + b"t"
    ),
    "very many axes": array_of(b"(" + b"K\x01" * 5000 + b"t"),
    "very many opcodes": b"\x80\x02" + b"N0" * 100_000 + b"N.",
    "a name that is long": b"\x80\x02c" + b"x" * 900 + b"\nsystem\n.",
    "a name without an end": b"\x80\x02c" + b"x" * 100_000,
    "an unknown opcode": b"\x80\x02\xff.",
    "nothing": b"",
    "no end": b"\x80\x02N",
}  # fmt: skip


@pytest.mark.parametrize("name", GROWS)
def test_a_pickle_that_grows_is_refused_before_it_does(tmp_path: Path, name: str) -> None:
    (tmp_path / "x").write_bytes(GROWS[name])
    tracemalloc.start()
    began = time.monotonic()
    message = refusal(kaggle.read_array, tmp_path / "x")
    assert time.monotonic() - began < 5
    assert tracemalloc.get_traced_memory()[1] < 10 << 20
    tracemalloc.stop()
    assert len(message) < 300
