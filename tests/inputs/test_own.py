"""A person's own files, made here in the competition's format: read right, and nothing is run."""

from __future__ import annotations

import os
import pickle
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ablation.base.cli import run
from ablation.base.errors import UserError
from ablation.base.files import write_yaml
from ablation.inputs import own
from stages import admit

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 128, 128), np.uint8)
LABELS = np.array([9, 8, 0, 3, 9, 1], np.uint8)


def csv_of(labels: NDArray[np.uint8]) -> str:
    return '"Id","Label"\n' + "".join(f'"{key}","{label}"\n' for key, label in enumerate(labels))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder, with a person's files in `own` beside the outputs."""
    folder = tmp_path / "project"
    (folder / "own").mkdir(parents=True)
    (folder / "own/train_max_x").write_bytes(pickle.dumps(IMAGES, protocol=4))
    (folder / "own/train_max_y.csv").write_text(csv_of(LABELS))
    (folder / "own/test_max_x").write_bytes(pickle.dumps(IMAGES[:4].astype(float), protocol=2))
    np.savez(folder / "own/real.npz", images=IMAGES[:5], labels=LABELS[:5])
    monkeypatch.chdir(folder)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.setattr("sys.argv", ["admit"])
    return folder


def configure(**changes: Any) -> None:
    content = {"source": "composed", "kaggle_dir": None, "external": None}
    write_yaml(Path("configs/admit.yaml"), content | changes)


def files() -> list[str]:
    return sorted(str(p.relative_to("data/own")) for p in Path("data/own").rglob("*.npy"))


def refusal(read: Callable[[Path], Any], path: Path) -> str:
    """The message that `path` is refused with, which must be one line that names it."""
    with pytest.raises(UserError) as error:
        read(path)
    message = str(error.value)
    assert "\n" not in message
    assert str(path) in message
    return message


# --- the stage ----------------------------------------------------------------------------------


def test_both_are_kept_as_plain_arrays(project: Path) -> None:
    configure(source="kaggle", kaggle_dir="own", external="own/real.npz")
    admit.main()
    kept = {name: np.load(Path("data/own") / name, allow_pickle=False) for name in files()}
    expected = {
        "competition/train_images.npy": IMAGES,
        "competition/train_labels.npy": LABELS,
        "competition/test_images.npy": IMAGES[:4],
        "external/images.npy": IMAGES[:5],
        "external/labels.npy": LABELS[:5],
    }
    assert set(kept) == set(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(kept[name], array)
        assert kept[name].dtype == np.uint8


def test_what_is_no_longer_configured_is_gone_and_its_folder_stays(project: Path) -> None:
    configure(external="own/real.npz", kaggle_dir="own")  # unused while images are composed
    admit.main()
    assert files() == ["external/images.npy", "external/labels.npy"]
    configure()
    admit.main()
    assert files() == []
    assert {p.name for p in Path("data/own").iterdir()} == {"competition", "external"}


@pytest.mark.parametrize("name", ["own/real.npz", "~/real.npz", "{project}/own/real.npz"])
def test_a_path_is_found_from_a_temporary_copy_too(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "copy").mkdir()
    monkeypatch.chdir(tmp_path / "copy")  # as `dvc exp run --temp` does
    monkeypatch.setenv("DVC_ROOT", str(project))
    monkeypatch.setenv("HOME", str(project / "own"))
    configure(external=name.format(project=project))
    admit.main()
    assert (tmp_path / "copy/data/own/external/images.npy").exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"external": "real.npz"}, "data.external = 'real.npz': real.npz does not exist"),
        ({"source": "kaggle", "kaggle_dir": "elsewhere"}, "data.kaggle_dir = 'elsewhere'"),
        ({"source": "kaggle", "kaggle_dir": "own/real.npz"}, "train_max_x is missing"),
        ({"source": "kaggle", "kaggle_dir": "configs"}, "train_max_x is missing"),
    ],
)
def test_a_path_that_leads_nowhere_is_one_line(
    project: Path, changes: dict[str, str], said: str
) -> None:
    configure(**changes)
    with pytest.raises(SystemExit) as end:
        run("admit", admit.main)
    assert str(end.value.code).startswith("admit: ")
    assert said in str(end.value.code)
    assert "\n" not in str(end.value.code)


# --- pickles: arrays are read, and nothing is run -----------------------------------------------


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "array",
    [IMAGES, IMAGES.astype("f4"), IMAGES.astype(">i2"), np.asfortranarray(IMAGES), IMAGES[::2]],
    ids=["uint8", "float32", "big endian", "columns first", "view"],
)
def test_any_protocol_and_layout(tmp_path: Path, protocol: int, array: NDArray[Any]) -> None:
    (tmp_path / "x").write_bytes(pickle.dumps(array, protocol=protocol))
    read = own.read_pickle(tmp_path / "x")
    np.testing.assert_array_equal(read, array)
    assert read.dtype.newbyteorder("=") == array.dtype.newbyteorder("=")


def test_a_pickle_of_python_2(tmp_path: Path) -> None:
    """Its `str` is text today, and held an array's bytes; NumPy 1 had other names."""
    content = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x01K\x02K\x02\x87cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R"
        b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x04\x00\x7f\x80\xfftb."
    )
    (tmp_path / "x").write_bytes(content)
    np.testing.assert_array_equal(own.read_pickle(tmp_path / "x"), [[[0, 127], [128, 255]]])


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
    message = refusal(own.read_pickle, tmp_path / "x")
    assert ".system, which no array of numbers needs; nothing of it was run" in message
    assert not made.exists()
    pickle.loads(content)  # it does what it is refused for
    assert made.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (pickle.dumps([IMAGES, Runs(os.getcwd)]), "which no array of numbers needs"),
        (pickle.dumps(np.array([Runs(os.getcwd)], object)), "which no array of numbers needs"),
        (b"\x80\x02cnumpy\nload\n.", "asks for numpy.load, which"),
        (b"\x80\x04\x8c\x05numpy\x8c\x09dtype.mro\x93.", "asks for numpy.dtype.mro, which"),
        (b"\x80\x02cantigravity\nfly\n.", "asks for antigravity.fly, which"),
        (pickle.dumps([1, 2]), "holds no array"),
        (pickle.dumps(IMAGES)[:-9], "is no pickled array"),
        (b"", "is no pickled array"),
        (b"Id,Label\n", "is no pickled array"),
    ],
)
def test_whatever_is_no_array_of_numbers_is_refused(
    tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "x").write_bytes(content)
    assert said in refusal(own.read_pickle, tmp_path / "x")
    assert "antigravity" not in sys.modules


# --- the competition's files --------------------------------------------------------------------


def changed(value: float) -> NDArray[np.float64]:
    array = np.tile(IMAGES, (200, 1, 1)).astype(np.float64)  # more than are looked at together
    array[1111, 5, 7] = value
    return array


def test_whole_numbers_of_any_type_are_kept() -> None:
    np.testing.assert_array_equal(own.as_images(changed(7.0), "x")[1111, 5, 7], 7)
    for kind in ("u2", "i8", "f4", ">f8"):
        np.testing.assert_array_equal(own.as_images(IMAGES.astype(kind), "x"), IMAGES)
        np.testing.assert_array_equal(own.as_labels(LABELS.astype(kind), "x"), LABELS)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (IMAGES[:, :64], "(6, 64, 128); allowed: (n, 128, 128)"),
        (IMAGES[0], "(128, 128); allowed: (n, 128, 128)"),
        (IMAGES[:0], "(0, 128, 128); allowed: (n, 128, 128)"),
        (changed(np.nan), "x holds nan; allowed: whole numbers 0..255"),
        (changed(-1), "x holds -1.0; allowed"),
        (changed(256), "x holds 256.0; allowed"),
        (changed(0.5), "x holds 0.5; allowed"),
        (IMAGES > 9, "x holds values of the type bool; allowed"),
        (IMAGES.astype(str), "x holds values of the type <U3; allowed"),
    ],
)
def test_wrong_images_are_told(array: NDArray[Any], said: str) -> None:
    with pytest.raises(UserError) as error:
        own.as_images(array, "x")
    assert said in str(error.value)


def test_labels_are_in_the_order_of_id(tmp_path: Path) -> None:
    path = tmp_path / "y.csv"
    path.write_bytes(b'\xef\xbb\xbf"Id","Label"\r\n"2","7"\r\n0,5\r\n\r\n"1","6"\r\n')
    np.testing.assert_array_equal(own.read_labels(path), [5, 6, 7])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"Id,Label\n0,1\n1,10\n", "holds 10; allowed: whole numbers 0..9"),
        (b"Id,Label\n0,x\n", "'x' to int64 at row 0"),
        (b"Id,Label\n0,1\n1\n", "does not hold an Id and a label a row"),
        (b"Id,Label\n0,1,2\n", "does not hold an Id and a label a row"),
        (b"Id,Label\n0,1\n0,1\n", "the Ids are not 0 to 1, each once"),
        (b"Id,Label\n0,1\n2,1\n", "the Ids are not 0 to 1, each once"),
        (b"id,label\n0,1\n", "begins with 'id,label'; allowed: Id,Label"),
        (b"\xff\xfe\x00", "allowed: Id,Label"),
        (b"", "begins with ''; allowed: Id,Label"),
    ],
)
def test_wrong_labels_are_told(tmp_path: Path, text: bytes, said: str) -> None:
    (tmp_path / "y.csv").write_bytes(text)
    assert said in refusal(own.read_labels, tmp_path / "y.csv")


def test_a_missing_file_and_a_missing_label_are_told(project: Path) -> None:
    folder = project / "own"
    (folder / "train_max_y.csv").write_text(csv_of(LABELS[:5]))
    assert "has 5 labels for the 6 images" in refusal(own.read_competition, folder)
    (folder / "test_max_x").unlink()
    assert "test_max_x is missing; the folder must hold" in refusal(own.read_competition, folder)


def test_kagglehub_is_asked_for_the_competition_or_told_how_to_install(
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
    assert own.download_competition() == tmp_path
    with pytest.raises(UserError, match=r"403 Client Error. You don't have permission; log in"):
        own.download_competition()
    assert asked == ["modified-mnist"] * 2
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    with pytest.raises(UserError, match=r"pip install kagglehub`, or set data.kaggle_dir"):
        own.download_competition()


# --- an external test set -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("array", "change"),
    [
        (IMAGES, None),
        (IMAGES.astype(np.float32), "float32 0..255 to 8 bit"),
        (IMAGES / 255, "float64 0..1 to 8 bit"),
        ((IMAGES / 255).astype(np.float16), "float16 0..1 to 8 bit"),
        (IMAGES.astype(np.uint16) * 257, "uint16 0..65535 to 8 bit"),
        (IMAGES.astype(">u2") * 257, "uint16 0..65535 to 8 bit"),
        (IMAGES.astype(np.int64) * 16, "int64 0..4095 to 8 bit"),
        (IMAGES[..., None], None),
        (np.stack([IMAGES] * 3, axis=-1), None),
        (np.stack([IMAGES, IMAGES, IMAGES, np.full_like(IMAGES, 255)], axis=-1), None),
    ],
)
def test_images_of_any_depth_are_grey_of_8_bit(array: NDArray[Any], change: str | None) -> None:
    images, changes = own.as_grey(array, "x")
    assert images.dtype == np.uint8
    off = 1 if change and "4095" in change else 0  # 255 * 16 is not all of 12 bit
    assert np.abs(images.astype(int) - IMAGES).max() == off
    assert changes == ([change] if change else [])


def test_masks_colours_and_transparency_are_grey() -> None:
    for mask in (IMAGES > 9, (IMAGES > 9).astype(np.uint8)):
        np.testing.assert_array_equal(own.as_grey(mask, "x")[0], 255 * (IMAGES > 9))
    np.testing.assert_array_equal(own.as_grey(IMAGES[:2] * 0, "x")[0], 0)
    red_green_blue = np.zeros((1, 8, 8, 3), np.uint8)
    red_green_blue[0, 0, :3] = np.eye(3) * 255
    grey, changes = own.as_grey(red_green_blue, "x")
    assert changes == ["colour to grey"]
    np.testing.assert_array_equal(grey[0, 0, :4], [76, 150, 29, 0])
    with pytest.raises(UserError, match=r"has the shape \(8, 8, 3\); allowed: \(n, h, w\)"):
        own.as_grey(red_green_blue[0], "x")
    for ink in (0, 255):  # stands out from what is transparent
        drawn = np.full((1, 8, 8, 4), ink, np.uint8)
        drawn[..., 3] = 0
        drawn[:, :2, :, 3] = 255
        grey, changes = own.as_grey(drawn, "x")
        np.testing.assert_array_equal(grey[0, :2], ink)
        np.testing.assert_array_equal(grey[0, 2:], 255 - ink)
        assert changes[0].startswith("transparent")


def test_an_external_set_of_16_bit_is_admitted_and_that_is_said(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez("own/deep.npz", images=IMAGES.astype(np.uint16) * 257, labels=LABELS)
    configure(external="own/deep.npz")
    admit.main()
    np.testing.assert_array_equal(np.load("data/own/external/images.npy"), IMAGES)
    assert "from own/deep.npz (uint16 0..65535 to 8 bit)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"images": IMAGES}, "labels"),
        ({"images": IMAGES[:4], "labels": LABELS}, "4 images and 6 labels"),
        ({"images": IMAGES[:, :64, :64], "labels": LABELS}, "images has the shape (6, 64, 64)"),
        ({"images": IMAGES / 127 - 1, "labels": LABELS}, "images holds -1; allowed: 0..1, 0..255"),
        ({"images": IMAGES * np.nan, "labels": LABELS}, "images holds nan; allowed: 0..1, 0..255"),
        ({"images": IMAGES * 1e6, "labels": LABELS}, "allowed: 0..1, 0..255 or up to 0..65535"),
        ({"images": IMAGES.astype(str), "labels": LABELS}, "values of the type <U3"),
        ({"images": IMAGES, "labels": LABELS + 1}, "labels holds 10; allowed"),
        ({"images": IMAGES, "labels": LABELS[:, None]}, "labels has the shape (6, 1)"),
        (
            {"images": np.array([Runs(os.getcwd)], object), "labels": LABELS},
            "Object arrays cannot be loaded",
        ),
    ],
)
def test_wrong_arrays_are_told(tmp_path: Path, arrays: dict[str, Any], said: str) -> None:
    np.savez(tmp_path / "real.npz", **arrays)
    assert said in refusal(own.read_external, tmp_path / "real.npz")


def test_what_is_no_archive_is_told(tmp_path: Path) -> None:
    for content in (b"", b"text", b"PK\x03\x04 broken"):
        (tmp_path / "real.npz").write_bytes(content)
        refusal(own.read_external, tmp_path / "real.npz")
