"""A person's pictures: what is taken, and each refusal in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ablation.base.errors import UserError
from ablation.prediction.pictures import Images, read

SIDES = range(12, 13)
GREY = np.random.default_rng(0).integers(0, 256, (12, 12)).astype(np.uint8)


def taken(path: Path, sides: range = SIDES) -> Images:
    images, refused = read(path, sides)
    assert not refused
    return images


def test_a_grey_png_is_its_pixels_in_each_of_its_modes(tmp_path: Path) -> None:
    for mode in ("L", "RGB", "RGBA"):
        Image.fromarray(GREY).convert(mode).save(tmp_path / "a.png")
        (name, image), *others = taken(tmp_path / "a.png").items()
        assert (name, others) == ("a.png", [])
        np.testing.assert_array_equal(image, GREY)


def test_a_folder_gives_its_pngs_by_name(tmp_path: Path) -> None:
    for name in ("b.png", "a.PNG"):
        Image.fromarray(GREY).save(tmp_path / name, "PNG")
    (tmp_path / "note.txt").write_text("no picture")
    assert list(taken(tmp_path)) == ["a.PNG", "b.png"]


def test_what_is_wrong_in_a_folder_leaves_the_others(tmp_path: Path) -> None:
    for make, name in ((text, "a.png"), (large, "c.png")):
        make(tmp_path / name)
    images, refused = read(tmp_path, SIDES)
    assert (images, [str(error).split()[0] for error in refused]) == (
        {},
        [str(tmp_path / "a.png"), str(tmp_path / "c.png")],
    )
    Image.fromarray(GREY).save(tmp_path / "b.png")
    images, same = read(tmp_path, SIDES)
    assert (list(images), len(same)) == (["b.png"], 2)


def test_an_npz_gives_its_images_by_number(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", images=np.stack([GREY, 255 - GREY]))
    images = taken(tmp_path / "own.npz")
    assert list(images) == ["own.npz[0]", "own.npz[1]"]
    np.testing.assert_array_equal(images["own.npz[1]"], 255 - GREY)


def colour(path: Path) -> None:
    Image.fromarray(np.stack([GREY, GREY, 255 - GREY], axis=-1)).save(path)


def transparent(path: Path) -> None:
    Image.fromarray(np.stack([GREY, GREY, GREY, GREY], axis=-1)).save(path)


def large(path: Path) -> None:
    Image.fromarray(np.zeros((12, 13), np.uint8)).save(path)


def text(path: Path) -> None:
    path.write_text("no picture")


def half(path: Path) -> None:
    Image.fromarray(GREY).save(path)
    path.write_bytes(path.read_bytes()[:-60])


def nothing(path: Path) -> None:
    path.touch()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (colour, "grey"), (transparent, "transparent"), (large, "13 x 12"), (text, "no picture"),
        (half, "no picture"), (nothing, "no picture"),
    ],
)  # fmt: skip
def test_what_is_no_grey_picture_of_its_size_is_refused(
    make: object, said: str, tmp_path: Path
) -> None:
    assert callable(make)
    make(tmp_path / "a.png")
    with pytest.raises(UserError, match=said) as error:
        read(tmp_path / "a.png", SIDES)
    assert "\n" not in str(error.value)
    assert "a.png" in str(error.value)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"pictures": GREY[None]}, "no array `images`"),
        ({"images": GREY[None].astype(np.float32)}, "uint8"),
        ({"images": GREY}, "(12, 12)"),
        ({"images": np.zeros((2, 12, 14), np.uint8)}, "14 x 12"),
        ({"images": np.zeros((2, 14, 14), np.uint8)}, "14 x 14"),
    ],
)
def test_an_npz_of_other_arrays_is_refused(
    arrays: dict[str, np.ndarray], said: str, tmp_path: Path
) -> None:
    np.savez(tmp_path / "own.npz", allow_pickle=False, **arrays)
    with pytest.raises(UserError, match=said):
        read(tmp_path / "own.npz", SIDES)


def test_nothing_and_garbage_are_refused(tmp_path: Path) -> None:
    (tmp_path / "own.npz").write_bytes(b"PK garbage")
    with pytest.raises(UserError, match="no npz file"):
        read(tmp_path / "own.npz", SIDES)
    with pytest.raises(UserError, match="not there"):
        read(tmp_path / "absent.png", SIDES)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no PNG"):
        read(tmp_path / "empty", SIDES)


def test_larger_squares_are_taken_where_the_network_takes_them(tmp_path: Path) -> None:
    large = np.pad(GREY, 4)
    Image.fromarray(large).save(tmp_path / "a.png")
    np.testing.assert_array_equal(taken(tmp_path / "a.png", range(12, 21))["a.png"], large)
    with pytest.raises(UserError, match="squares of 12 to 19 px"):
        read(tmp_path / "a.png", range(12, 20))
