"""What all kinds of figures share: reproducible files, and text that can be read."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text
from pydantic import TypeAdapter

from ablation.reporting.config import FigureConfig
from ablation.reporting.figures import contact_sheet
from ablation.reporting.figures.style import COLOURS, MARKERS, arm_style, save
from tests.reporting.figures.tables import (
    LABELS,
    architectures_table,
    best_table,
    curves_table,
    density_table,
    forest_table,
    ladder_tables,
    samples,
    write,
)

ARMS = ["baseline", "adam", "sgd"]
THEIRS = {"CNN": {"validation": 0.955}, "VGG-16": {"validation": 0.963, "test": 0.963}}
GROUPS = {"CNN": ["baseline", "adam"], "VGG-16": ["vgg_raw", "vgg_augmented"]}
KINDS: dict[str, tuple[dict[str, Any], Callable[[], Any]]] = {
    "curves": ({"arms": ARMS, "last": 1 / 6}, lambda: curves_table(ARMS, 3)),
    "label_density": ({}, density_table),
    "augmentation": ({"arms": ["vgg_augmented"], "images": [1, 2, 3]}, samples),
    "architectures": ({"arms": ["vgg_augmented", "head_512_32"]}, architectures_table),
    "best": ({"groups": GROUPS, "theirs": THEIRS}, lambda: best_table(3)),
    "forest": ({"metrics": ["validation_accuracy", "test_accuracy"]}, lambda: forest_table(3)),
    "ladder": ({"arms": ["baseline", "vgg_augmented"]}, ladder_tables),
}


def drawn(kind: str, table: Any, folder: Path, **settings: Any) -> Figure:
    """The picture of a table."""
    content = {"kind": kind, "title": "T", "paper": "figure 0", **KINDS[kind][0], **settings}
    figure = TypeAdapter[Any](FigureConfig).validate_python(content)
    module = import_module(f"ablation.reporting.figures.{kind}")
    return module.draw(figure, LABELS, write(folder, table))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_table_gives_the_same_bytes_whatever_the_users_style(
    kind: str, tmp_path: Path
) -> None:
    files = []
    for settings in ({}, {"font.size": 20, "lines.linewidth": 7, "svg.hashsalt": None}):
        with matplotlib.rc_context(settings):
            png, svg = tmp_path / "a.png", tmp_path / "a.svg"
            save(drawn(kind, KINDS[kind][1](), tmp_path), tmp_path / "a", "A < B")
            files.append((png.read_bytes(), svg.read_bytes()))
    assert files[0] == files[1]
    assert b"<dc:date>" not in files[0][1]
    assert not re.search(rb"#[a-z]+[0-9a-f]{10}\b", files[0][1])  # digests of rounded places
    assert b"<title>A &lt; B</title>" in files[0][1]
    assert b"<text" in files[0][1]  # no outlines of letters


def far_apart(kind: str) -> Any:
    """What two seeds give: intervals from nothing to everything, beside an arm that is sure."""
    table = best_table(2) if kind == "best" else forest_table(3)
    unsure = table["arm"].str.startswith("vgg")
    if kind == "best":
        table["accuracy"] = np.where(unsure, 0.8 - 0.1 * table["seed"], 1.0)
    else:
        table.loc[unsure, ["low", "high"]] += [-0.9, 0.9]
    return table


@pytest.mark.parametrize(
    ("kind", "make"),
    [*((kind, make) for kind, (_, make) in KINDS.items()),
     *((kind, partial(far_apart, kind)) for kind in ("best", "forest"))],
)  # fmt: skip
def test_every_text_is_at_least_8_points_inside_the_picture_and_on_no_other(
    kind: str, make: Callable[[], Any], tmp_path: Path
) -> None:
    picture = drawn(kind, make(), tmp_path)
    picture.draw_without_rendering()
    width, height = picture.get_size_inches()
    assert width in (3.5, 7.2)
    box = picture.get_tightbbox()  # inches, of what is visible
    assert min(box.x0, box.y0) >= -0.01
    assert box.x1 <= width + 0.01
    assert box.y1 <= height + 0.01
    texts = shown(picture)
    assert min(text.get_fontsize() for text in texts) >= 8
    boxes = [(text.get_text(), text.get_window_extent().padded(2, -1)) for text in texts]
    for index, (text, extent) in enumerate(boxes):
        for other, another in boxes[:index]:
            assert not extent.overlaps(another), (text, other)


def shown(picture: Figure) -> list[Text]:
    """The texts of a picture, without the labels of ticks that lie outside their axis."""
    outside = set()
    for axes in picture.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
            outside |= {tick.label1 for tick in ticks if not low <= tick.get_loc() <= high}
    texts = [text for text in picture.findobj(Text) if text not in outside]
    return [text for text in texts if text.get_text() and text.get_visible()]


def test_arms_differ_in_colour_and_marker_and_the_first_three_in_luminance() -> None:
    styles = {tuple(arm_style(index).values()) for index in range(56)}
    assert len(styles) == len(COLOURS) * len(MARKERS) == 56
    luminance = sorted(np.dot(to_rgb(colour), [0.2126, 0.7152, 0.0722]) for colour in COLOURS[:3])
    assert np.diff(luminance).min() > 0.2


def test_the_contact_sheet_shows_each_image_in_its_row_pixel_by_pixel(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    crops = {name: rng.integers(0, 256, (4, 128, 128), np.uint8) for name in ("plate", "water")}
    picture = contact_sheet.draw(crops)
    assert [axes.get_ylabel() for axes in picture.axes] == ["plate", *[""] * 3, "water", *[""] * 3]
    assert picture.axes[-1].get_xticklabels()[-1].get_text() == "128"
    save(picture, tmp_path / "a", "Sheet")
    pixels = np.rint(imread(tmp_path / "a.png")[..., 0] * 255).astype(int)
    for row, images in enumerate(crops.values()):
        for column, image in enumerate(images):
            top, left = 10 + row * 266, 50 + column * 266
            expected = image.repeat(2, axis=0).repeat(2, axis=1)
            # The colour map rounds its own way.
            assert np.abs(pixels[top : top + 256, left : left + 256] - expected).max() <= 1
