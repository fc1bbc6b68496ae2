"""The label distribution of training, validation and both (paper, figure 1)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from ablation.reporting.config import LabelDensityFigure
from ablation.reporting.figures.style import COLOURS, SINGLE_COLUMN, grid, journal, legend_below
from ablation.reporting.tables import read_csv

# Dark and light, so that they are told apart in grey. Both together are nearly the same as each, so
# they are a mark and no third bar.
PARTS = {"training": COLOURS[0], "validation": COLOURS[1]}


@journal
def draw(figure: LabelDensityFigure, labels: Mapping[str, str], folder: Path) -> Figure:
    """Bars of each label's share of the images, with marks for both parts and for what is expected.

    `folder/data.csv` has the columns data_set, part, label (0-9), count, density (sums to 1 in a
    part) and expected.
    """
    table = read_csv(folder / "data.csv")
    rows = table[table["data_set"] == "modified"]
    rows = rows.assign(percent=rows["density"] * 100, expected=rows["expected"] * 100)
    counts = rows.groupby("part")["count"].sum()
    picture = Figure(figsize=(SINGLE_COLUMN, 2.8), layout="constrained")
    axes = picture.subplots()
    for shift, (part, colour) in zip((-0.21, 0.21), PARTS.items(), strict=True):
        of_part = rows[rows["part"] == part]
        label = f"{part} (n = {counts[part]:,})"
        axes.bar(of_part["label"] + shift, of_part["percent"], 0.42, color=colour, label=label)
    axes.set_xticks(range(10))
    combined = rows[rows["part"] == "combined"]
    style: dict[str, Any] = {"color": "black", "linestyle": "none"}
    circles = axes.plot(
        combined["label"], combined["percent"], **style, marker="o", markersize=3.5,
        markerfacecolor="white", label=f"combined (n = {counts['combined']:,})",
    )  # fmt: skip
    dashes = axes.plot(
        combined["label"], combined["expected"], **style, marker="_", markersize=13,
        markeredgewidth=1.3, label="if digits are independent",
    )  # fmt: skip
    axes.set_xlabel("Label (largest digit of the image)")
    axes.set_ylabel("Share of images (%)")
    axes.set_ylim(bottom=0)
    grid(axes)
    legend_below(picture, [*axes.containers, *circles, *dashes], columns=2, length=1.4)
    return picture
