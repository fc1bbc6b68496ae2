"""The contact sheet: a row a family, each pixel of an image a square of the picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from numpy.typing import NDArray

from ablation.reporting.figures.contact_sheet import draw, without
from ablation.reporting.figures.style import save


def crops(size: int = 128, count: int = 4) -> dict[str, NDArray[np.uint8]]:
    rng = np.random.default_rng(0)
    return {
        name: rng.integers(0, 256, (count, size, size), np.uint8) for name in ("plate", "water")
    }


def saved(folder: Path, images: dict[str, NDArray[np.uint8]]) -> NDArray[np.uint8]:
    save(draw(images), folder / "a.png", folder / "a.svg", "Sheet")
    return np.rint(imread(folder / "a.png")[..., 0] * 255).astype(np.uint8)


def test_each_image_stands_in_its_row_pixel_by_pixel(tmp_path: Path) -> None:
    images = crops()
    picture = saved(tmp_path, images)
    for row, name in enumerate(images):
        for column, image in enumerate(images[name]):
            top, left = 10 + row * 266, 50 + column * 266
            shown = picture[top : top + 256, left : left + 256]
            expected = image.repeat(2, axis=0).repeat(2, axis=1)
            # The colour map rounds its own way.
            assert np.abs(shown.astype(int) - expected).max() <= 1


def test_rows_are_named_and_the_last_says_how_wide_an_image_is() -> None:
    axes = draw(crops(64, 3)).axes
    assert [a.get_ylabel() for a in axes] == ["plate", "", "", "water", "", ""]
    assert [a.get_xlabel() for a in axes] == [""] * 3 + ["x (px)"] * 3
    assert axes[-1].get_xticklabels()[-1].get_text() == "64"
    assert {image.get_clim() for a in axes for image in a.images} == {(0, 255)}


def test_the_same_images_give_the_same_bytes(tmp_path: Path) -> None:
    saved(tmp_path, crops())
    before = [(tmp_path / name).read_bytes() for name in ("a.png", "a.svg")]
    saved(tmp_path, crops())
    assert before == [(tmp_path / name).read_bytes() for name in ("a.png", "a.svg")]


def test_rows_of_unequal_images_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(4, 32, 32\), \(4, 64, 64\)"):
        draw(crops(64) | {"stars": np.zeros((4, 32, 32), np.uint8)})
    with pytest.raises(ValueError, match="expected one"):
        draw({})


def test_where_there_is_nothing_to_show_the_picture_says_so(tmp_path: Path) -> None:
    picture = without("Nothing was composed.")
    assert [text.get_text() for text in picture.texts] == ["Nothing was composed."]
    save(picture, tmp_path / "a.png", tmp_path / "a.svg", "Sheet")
