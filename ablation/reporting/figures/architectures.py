"""The layers of networks as built, with output shapes and parameters (paper, figure 4)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch

from ablation.reporting.config import ArchitecturesFigure
from ablation.reporting.figures.style import DOUBLE_COLUMN, SINGLE_COLUMN, journal, legend_below
from ablation.reporting.tables import read_csv
from ablation.reporting.wording import NOTHING

ROW = 0.155  # inches, for text of 8 pt
AROUND = 3.6  # rows: label, head and sum
# A part of a layer's type -> what the tint means; light enough that the text stays readable.
TINTS = {
    "Conv": ("convolution", "#CFE3F2"),
    "Dense": ("dense", "#FBE3B5"),
    "Pool": ("pooling", "#DADADA"),
}


@journal
def draw(figure: ArchitecturesFigure, labels: Mapping[str, str], folder: Path) -> Figure:
    """A table an arm, two side by side, one row a layer and nothing left out.

    `folder/data.csv` has the columns arm, layer, type, output_shape, parameters and trainable.
    """
    table = read_csv(folder / "data.csv")
    networks = {arm: table[table["arm"] == arm] for arm in figure.arms}
    columns = min(2, len(networks))
    lengths = [len(layers) + AROUND for layers in networks.values()]
    # Every table of a row of tables is as high as the longest of them.
    heights = [max(lengths[k : k + columns]) for k in range(0, len(lengths), columns)]
    width = SINGLE_COLUMN if columns == 1 else DOUBLE_COLUMN
    picture = Figure(
        figsize=(width, sum(heights) * ROW + 0.3), layout=ConstrainedLayoutEngine(w_pad=0.08)
    )
    panels = picture.subplots(len(heights), columns, squeeze=False, height_ratios=heights)
    for axes in panels.flat:
        axes.set_axis_off()
    for axes, height, (arm, layers) in zip(
        panels.flat, np.repeat(heights, columns), networks.items(), strict=False
    ):
        axes.set(xlim=(0, 1), ylim=(height, 0))  # downwards, a unit a row
        _table(axes, labels[arm], layers)
    handles = [
        Patch(facecolor=tint, edgecolor="#999999", linewidth=0.5, label=meaning)
        for meaning, tint in TINTS.values()
    ]
    legend_below(picture, handles, columns=len(TINTS))
    return picture


def _table(axes: Axes, label: str, layers: pd.DataFrame) -> None:
    axes.text(0, 0.6, label, fontsize=9, fontweight="bold", va="center")
    _row(axes, 1.8, ("Layer", "Output shape", "Parameters"), fontweight="bold")
    end = len(layers) + 2.9
    for y, width in ((1.25, 1.0), (2.35, 0.6), (end - 0.45, 0.6), (end + 0.65, 1.0)):
        axes.plot([0, 1], [y, y], color="black", linewidth=width)
    for y, layer in enumerate(layers.to_dict("records")):
        for part, (_, tint) in TINTS.items():
            if part in layer["type"]:
                axes.axhspan(y + 2.4, y + 3.4, facecolor=tint, linewidth=0, zorder=0)
        count = f"{layer['parameters']:,}" if layer["parameters"] else NOTHING
        frozen = "frozen " if layer["parameters"] and not layer["trainable"] else ""
        _row(axes, y + 2.9, (layer["layer"], layer["output_shape"], frozen + count))
    total = f"{layers['parameters'].sum():,}"
    _row(axes, end + 0.1, (f"{len(layers)} layers", "", total), fontweight="bold")


def _row(axes: Axes, y: float, cells: tuple[str, str, str], fontweight: str = "normal") -> None:
    for x, text, side in zip((0.01, 0.42, 0.99), cells, ("left", "left", "right"), strict=True):
        axes.text(x, y, text, ha=side, va="center_baseline", fontweight=fontweight)
