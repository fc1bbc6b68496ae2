"""Label densities: which bars, which marks, which counts."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from ablation.reporting.config import LabelDensityFigure
from ablation.reporting.figures.label_density import draw
from tests.reporting.figures.tables import density_table

FIGURE = LabelDensityFigure(kind="label_density", title="Labels", paper="figure 1")


def test_bars_are_the_shares_of_both_parts_and_marks_those_of_all() -> None:
    table = density_table()
    axes = draw(FIGURE, {}, table).axes[0]
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    rows = table[table["data_set"] == "modified"].set_index("part")
    for index, part in enumerate(("training", "validation")):
        heights = [bar.get_height() for bar in bars[10 * index : 10 * index + 10]]
        assert heights == pytest.approx(list(rows.loc[part, "density"] * 100))
    assert len(bars) == 20
    combined = axes.lines[0].get_ydata()
    assert list(combined) == pytest.approx(list(rows.loc["combined", "density"] * 100))
    assert axes.get_xlabel() == "Label (largest digit of the image)"
    assert axes.get_ylabel() == "Share of images (%)"


def test_the_legend_counts_the_images_and_explains_the_marks() -> None:
    table = density_table()
    picture = draw(FIGURE, {}, table)
    texts = [text.get_text() for text in picture.legends[0].get_texts()]
    assert texts == [
        "training (n = 20,000)", "validation (n = 4,996)", "combined (n = 24,996)",
        "if digits are independent",
    ]  # fmt: skip
    _, marks = picture.axes[0].lines
    assert marks.get_ydata()[9] == pytest.approx(27.1)


@pytest.mark.parametrize("absent", ["column", "values"])
def test_no_marks_without_an_expectation(absent: str) -> None:
    table = density_table()
    lacking = (
        table.drop(columns="expected") if absent == "column" else table.assign(expected=np.nan)
    )
    assert len(draw(FIGURE, {}, lacking).axes[0].lines) == 1  # both parts together


def test_a_missing_part_is_named() -> None:
    table = density_table()
    with pytest.raises(ValueError, match="no part validation"):
        draw(FIGURE, {}, table[table["part"] != "validation"])
