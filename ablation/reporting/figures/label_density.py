"""The label distribution of training, validation and both (paper, figure 1)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ablation.reporting.config import LabelDensityFigure
from ablation.reporting.figures import read_table
from ablation.reporting.figures.style import COLOURS, SINGLE_COLUMN, grid, journal, legend_below

COLUMNS = ("data_set", "part", "label", "count", "density")
DATA_SET = "modified"
# From dark to light, so that the three are told apart in grey.
PARTS = {"training": COLOURS[0], "validation": COLOURS[1], "combined": "#DDDDDD"}


def read(folder: Path) -> pd.DataFrame:
    """data_set, part, label (0-9), count, density (sums to 1 in a part); `expected` if known."""
    return read_table(folder, COLUMNS)


@journal()
def draw(figure: LabelDensityFigure, labels: Mapping[str, str], table: pd.DataFrame) -> Figure:
    """Bars of each label's share of the images, and the share expected of the largest digit.

    Raises:
        ValueError: the table lacks one of the parts of Modified MNIST.
    """
    rows = table[(table["data_set"] == DATA_SET) & table["part"].isin(PARTS)]
    for part in PARTS:
        if part not in set(rows["part"]):
            raise ValueError(f"the label densities have no part {part} of {DATA_SET}")
    picture = Figure(figsize=(SINGLE_COLUMN, 3.1), layout="constrained")
    axes = picture.subplots()
    sns.barplot(
        data=rows.assign(percent=rows["density"] * 100),
        x="label",
        y="percent",
        hue="part",
        hue_order=list(PARTS),
        palette=PARTS,
        saturation=1,
        errorbar=None,
        width=0.84,
        legend=False,
        ax=axes,
    )
    counts = rows.groupby("part")["count"].sum()
    handles: list[Patch | Line2D] = [
        Patch(color=colour, label=f"{part} (n = {counts[part]:,})")
        for part, colour in PARTS.items()
    ]
    expected = _expected(rows)
    if expected is not None:
        (line,) = axes.plot(
            expected.index.to_numpy(),
            expected.to_numpy() * 100,
            color="black",
            linestyle="none",
            marker="_",
            markersize=13,
            markeredgewidth=1.3,
            label="expected of independent digits",
        )
        handles.append(line)
    axes.set_xlabel("Label (largest digit of the image)")
    axes.set_ylabel("Share of images (%)")
    axes.set_ylim(bottom=0)
    grid(axes)
    legend_below(picture, handles, columns=1)
    return picture


def _expected(rows: pd.DataFrame) -> pd.Series | None:
    """The expected density (10,) indexed by label, or None where the table has none."""
    if "expected" not in rows.columns or rows["expected"].isna().all():
        return None
    return rows.groupby("label")["expected"].first()
