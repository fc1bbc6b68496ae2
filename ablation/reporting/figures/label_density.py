"""The label distribution of training, validation and both (paper, figure 1)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ablation.base.errors import UserError
from ablation.reporting.config import LabelDensityFigure
from ablation.reporting.figures import DENSITIES, read_table
from ablation.reporting.figures.style import COLOURS, SINGLE_COLUMN, grid, journal, legend_below

COLUMNS = ("data_set", "part", "label", "count", "density")
DATA_SET = "modified"
# Dark and light, so that they are told apart in grey. Both together are nearly the same as each, so
# they are a mark and no third bar.
PARTS = {"training": COLOURS[0], "validation": COLOURS[1]}
COMBINED = "combined"


def read(folder: Path) -> pd.DataFrame:
    """data_set, part, label (0-9), count, density (sums to 1 in a part); `expected` if known."""
    return read_table(folder, COLUMNS, DENSITIES)


@journal()
def draw(figure: LabelDensityFigure, labels: Mapping[str, str], table: pd.DataFrame) -> Figure:
    """Bars of each label's share of the images, with marks for both parts and for what is expected.

    Raises:
        UserError: the table lacks one of the parts of Modified MNIST.
    """
    parts = (*PARTS, COMBINED)
    rows = table[(table["data_set"] == DATA_SET) & table["part"].isin(parts)]
    for part in parts:
        if part not in set(rows["part"]):
            raise UserError(f"the label densities have no part {part} of {DATA_SET}")
    picture = Figure(figsize=(SINGLE_COLUMN, 2.8), layout="constrained")
    axes = picture.subplots()
    sns.barplot(
        data=rows[rows["part"] != COMBINED].assign(percent=lambda bars: bars["density"] * 100),
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
    combined = rows[rows["part"] == COMBINED].set_index("label")["density"]
    (circles,) = axes.plot(
        combined.index.to_numpy(),
        combined.to_numpy() * 100,
        color="black",
        linestyle="none",
        marker="o",
        markersize=3.5,
        markerfacecolor="white",
        label=f"{COMBINED} (n = {counts[COMBINED]:,})",
    )
    handles.append(circles)
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
            label="if digits are independent",
        )
        handles.append(line)
    axes.set_xlabel("Label (largest digit of the image)")
    axes.set_ylabel("Share of images (%)")
    axes.set_ylim(bottom=0)
    grid(axes)
    legend_below(picture, handles, columns=2, length=1.4)
    return picture


def _expected(rows: pd.DataFrame) -> pd.Series | None:
    """The expected density (10,) indexed by label, or None where the table has none."""
    if "expected" not in rows.columns or rows["expected"].isna().all():
        return None
    return rows.groupby("label")["expected"].first()
