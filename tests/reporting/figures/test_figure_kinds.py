"""What all kinds share: the dispatch, their tables, and files that are reproducible."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from pydantic import TypeAdapter

from ablation.reporting.config import FigureConfig
from ablation.reporting.figures import draw, last_epochs, read_table
from ablation.reporting.figures.style import COLOURS, MARKERS, arm_style, save
from tests.reporting.figures.tables import (
    architectures_table,
    best_table,
    curves_table,
    density_table,
    forest_table,
    samples,
    write,
)

BASE = {"title": "A title", "paper": "figure 0"}
KINDS: dict[str, tuple[dict[str, Any], Callable[[], Any]]] = {
    "curves": (
        {"arms": ["baseline", "adam", "sgd"], "last": 1 / 6},
        lambda: curves_table(["baseline", "adam", "sgd"], 3),
    ),
    "label_density": ({}, density_table),
    "augmentation": ({"arms": ["vgg_augmented"], "images": [1, 2, 3]}, samples),
    "architectures": ({"arms": ["vgg_augmented", "head_512_32"]}, architectures_table),
    "best": (
        {"groups": {"CNN": ["baseline", "adam"], "VGG-16": ["vgg_raw", "vgg_augmented"]}},
        lambda: best_table(3),
    ),
    "forest": (
        {"metrics": ["validation_accuracy", "test_accuracy"]},
        lambda: forest_table(3),
    ),
}


def declared(kind: str) -> Any:
    content = {"kind": kind, **BASE, **KINDS[kind][0]}
    return TypeAdapter(FigureConfig).validate_python(content)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_table_gives_the_same_bytes_whatever_the_users_style(
    kind: str, labels: dict[str, str], tmp_path: Path
) -> None:
    folder = write(tmp_path / "table", KINDS[kind][1]())
    files = []
    for settings in ({}, {"font.size": 20, "lines.linewidth": 7, "svg.hashsalt": None}):
        with matplotlib.rc_context(settings):
            png, svg = tmp_path / "a.png", tmp_path / "a.svg"
            save(draw(declared(kind), labels, folder), png, svg, "A < B")
            files.append((png.read_bytes(), svg.read_bytes()))
    assert files[0] == files[1]
    assert b"<dc:date>" not in files[0][1]
    assert b"<title>A &lt; B</title>" in files[0][1]
    assert b"<text" in files[0][1]  # no outlines of letters
    assert files[0][0].startswith(b"\x89PNG")


@pytest.mark.parametrize("kind", KINDS)
def test_every_text_is_at_least_8_points_and_lies_inside_the_picture(
    kind: str, labels: dict[str, str], tmp_path: Path
) -> None:
    picture = draw(declared(kind), labels, write(tmp_path, KINDS[kind][1]()))
    picture.draw_without_rendering()
    width, height = picture.get_size_inches()
    assert width in (3.5, 7.2)
    for text in picture.findobj(Text):
        assert text.get_fontsize() >= 8, text
    drawn = picture.get_tightbbox()  # inches, of what is visible
    assert drawn.x0 >= -0.01
    assert drawn.y0 >= -0.01
    assert drawn.x1 <= width + 0.01
    assert drawn.y1 <= height + 0.01


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
def test_no_text_lies_on_another(
    kind: str, make: Callable[[], Any], labels: dict[str, str], tmp_path: Path
) -> None:
    picture = draw(declared(kind), labels, write(tmp_path, make()))
    picture.draw_without_rendering()
    boxes = [(text.get_text(), text.get_window_extent().padded(2, -1)) for text in shown(picture)]
    assert len(boxes) > 5
    for index, (text, box) in enumerate(boxes):
        for other, another in boxes[:index]:
            assert not box.overlaps(another), (text, other)


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


def test_drawing_one_kind_imports_no_other() -> None:
    code = (
        "import sys; from ablation.reporting import figures; "
        "assert 'matplotlib' not in sys.modules; "
        "import ablation.reporting.figures.best; "
        "print(sorted(m for m in sys.modules if m.startswith('ablation.reporting.figures')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(
        [
            "ablation.reporting.figures",
            "ablation.reporting.figures.best",
            "ablation.reporting.figures.style",
        ]
    )


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    write(tmp_path, density_table().drop(columns="density"))
    with pytest.raises(ValueError, match="has no column 'density'"):
        read_table(tmp_path, ["label", "density"], ["label"])


def test_an_empty_table_is_refused(tmp_path: Path) -> None:
    write(tmp_path, density_table().iloc[:0])
    with pytest.raises(ValueError, match="has no rows"):
        read_table(tmp_path, ["label"], ["label"])


@pytest.mark.parametrize(
    ("count", "share", "expected"),
    [(300, 1 / 6, 50), (15, 1 / 6, 2), (2, 1 / 6, 1), (1, 0.5, 1), (12, 0.16666666666666666, 2)],
)
def test_the_last_epochs_are_the_papers_50_of_300(count: int, share: float, expected: int) -> None:
    assert last_epochs(count, share) == expected


def test_arms_differ_in_colour_and_marker_and_the_first_three_in_luminance() -> None:
    styles = {tuple(arm_style(index).values()) for index in range(56)}
    assert len(styles) == len(COLOURS) * len(MARKERS) == 56
    luminance = sorted(np.dot(to_rgb(colour), [0.2126, 0.7152, 0.0722]) for colour in COLOURS[:3])
    assert np.diff(luminance).min() > 0.2
