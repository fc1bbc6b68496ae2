"""The layers of networks as built, with output shapes and parameters (paper, figure 4)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch, Rectangle

from ablation.base.errors import UserError
from ablation.reporting.config import ArchitecturesFigure
from ablation.reporting.figures import LAYERS, read_table
from ablation.reporting.figures.style import DOUBLE_COLUMN, SINGLE_COLUMN, journal, legend_below

COLUMNS = ("arm", "layer", "type", "output_shape", "parameters", "trainable")
ROW = 0.155  # inches, for text of 8 pt
# A part of a layer's type -> what the tint means; light enough that the text stays readable.
TINTS = {
    "Conv": ("convolution", "#CFE3F2"),
    "Dense": ("dense", "#FBE3B5"),
    "Pool": ("pooling", "#DADADA"),
}


def read(folder: Path) -> pd.DataFrame:
    """arm, layer, type, output_shape (text), parameters (int), trainable (bool), in order."""
    return read_table(folder, COLUMNS, LAYERS)


@journal()
def draw(figure: ArchitecturesFigure, labels: Mapping[str, str], table: pd.DataFrame) -> Figure:
    """A table an arm, two side by side, one row a layer and nothing left out.

    Raises:
        UserError: the table has no layers of an arm.
    """
    networks = {arm: table[table["arm"] == arm] for arm in figure.arms}
    for arm, layers in networks.items():
        if layers.empty:
            raise UserError(f"the table of architectures has no layers of the arm {arm}")
    columns = min(2, len(networks))
    rows = -(-len(networks) // columns)
    # Every table of a row of tables is as high as the longest of them.
    heights = [
        max(len(layers) for layers in list(networks.values())[row * columns : (row + 1) * columns])
        + 3.6  # label, head and sum
        for row in range(rows)
    ]
    width = SINGLE_COLUMN if columns == 1 else DOUBLE_COLUMN
    picture = Figure(
        figsize=(width, sum(heights) * ROW + 0.3), layout=ConstrainedLayoutEngine(w_pad=0.08)
    )
    panels = picture.subplots(rows, columns, squeeze=False, height_ratios=heights)
    for index, axes in enumerate(panels.ravel()):
        axes.set_axis_off()
        if index < len(figure.arms):
            arm = figure.arms[index]
            _table(axes, labels[arm], networks[arm], heights[index // columns])
    legend_below(
        picture,
        [Patch(facecolor=tint, edgecolor="#999999", linewidth=0.5, label=meaning)
         for meaning, tint in TINTS.values()],
        columns=len(TINTS),
    )  # fmt: skip
    return picture


def _table(axes: Axes, label: str, layers: pd.DataFrame, height: float) -> None:
    """Draws rows downwards from y = 0, one unit each; x runs from 0 to 1."""
    axes.set_xlim(0, 1)
    axes.set_ylim(height, 0)
    axes.text(0, 0.6, label, fontsize=9, fontweight="bold", va="center")
    _row(axes, 1.8, ("Layer", "Output shape", "Parameters"), fontweight="bold")
    axes.plot([0, 1], [1.25, 1.25], color="black", linewidth=1.0)
    axes.plot([0, 1], [2.35, 2.35], color="black", linewidth=0.6)
    y = 2.9
    for layer in layers.itertuples():
        tint = next((tint for part, (_, tint) in TINTS.items() if part in str(layer.type)), None)
        if tint is not None:
            axes.add_patch(Rectangle((0, y - 0.5), 1, 1, facecolor=tint, linewidth=0, zorder=0))
        _row(axes, y, (str(layer.layer), str(layer.output_shape), _parameters(layer)))
        y += 1
    axes.plot([0, 1], [y - 0.45, y - 0.45], color="black", linewidth=0.6)
    total = int(layers["parameters"].sum())
    _row(axes, y + 0.1, (f"{len(layers)} layers", "", f"{total:,}"), fontweight="bold")
    axes.plot([0, 1], [y + 0.65, y + 0.65], color="black", linewidth=1.0)


def _row(axes: Axes, y: float, cells: tuple[str, str, str], fontweight: str = "normal") -> None:
    for x, text, side in zip((0.01, 0.42, 0.99), cells, ("left", "left", "right"), strict=True):
        axes.text(x, y, text, ha=side, va="center_baseline", fontweight=fontweight)


def _parameters(layer: object) -> str:
    """The number of parameters; a dash for none, and a word where they do not train."""
    count = int(getattr(layer, "parameters"))  # noqa: B009  (rows of pandas have no type)
    if count == 0:
        return "–"  # noqa: RUF001
    return f"{count:,}" if getattr(layer, "trainable") else f"frozen {count:,}"  # noqa: B009
