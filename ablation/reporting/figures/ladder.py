"""Each claimed difference over how many different images were trained on, a panel a claim.

What stays as it is from rung to rung belongs to the networks, what changes to the scale.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ablation.reporting.config import LadderFigure
from ablation.reporting.figures.style import (
    COLOURS,
    DOUBLE_COLUMN,
    GREY,
    arm_style,
    grid,
    journal,
    legend_below,
)
from ablation.reporting.tables import read_csv
from ablation.reporting.wording import MINUS

PAPER_IMAGES = 40  # thousands: 80% of 50,000 (section 2)
COLUMNS = 4
TOP, PANEL, BELOW = 1.9, 1.12, 0.55  # inches: the accuracies, a row of panels, axis and legend
NAME = 33  # characters of a line of a panel's title
UNITS = {"points": (100, "points"), "images": (1e-3, "thousand images"), "%": (100, "%")}
SMALL = 6.5  # points, of a panel's text
SAID = "#E4E4E4"
MARK: dict[str, Any] = {"marker": "o", "markersize": 4, "color": COLOURS[0], "linewidth": 1.2}
PAPER: dict[str, Any] = {"linestyle": "none", "marker": "D", "markersize": 4.5,
                         "markerfacecolor": "white", "markeredgewidth": 1.0}  # fmt: skip
SINGLE = PAPER | {"markeredgecolor": COLOURS[6]}


@journal
def draw(figure: LadderFigure, labels: Mapping[str, str], folder: Path) -> Figure:
    """Above the arms' validation accuracy, run by run; below a panel a claim, what it says shaded.

    `folder/runs.csv` has study, arm, seed, images, validation_accuracy (0..1) and paper; `folder/data.csv` a
    row a claim and study with its difference, as `figure_tables.ladder_table` writes it.
    """
    table, runs = read_csv(folder / "data.csv"), read_csv(folder / "runs.csv")
    short = {arm: label.split(" (")[0] for arm, label in labels.items()}
    claims = list(dict.fromkeys(table["claim"]))
    rows = max(1, -(-len(claims) // COLUMNS))
    furthest = max(PAPER_IMAGES, runs["images"].max() / 1000, table["images"].max() / 1000)
    picture = Figure(figsize=(DOUBLE_COLUMN, TOP + rows * PANEL + BELOW), layout="constrained")
    places = picture.add_gridspec(rows + 1, COLUMNS, height_ratios=[TOP, *[PANEL] * rows])
    above = picture.add_subplot(places[0, :])
    _accuracies(above, figure, short, runs)
    above.set_xlim(0, furthest * 1.05)
    for index, claim in enumerate(claims):
        axes = picture.add_subplot(places[1 + index // COLUMNS, index % COLUMNS])
        _panel(axes, table[table["claim"] == claim], short)
        axes.set_xlim(0, furthest * 1.15)
        if index + COLUMNS < len(claims):
            axes.tick_params(labelbottom=False)
    picture.supxlabel("Different training images (thousands)", fontsize=9)
    legend_below(picture, _handles(table), columns=4, length=1.8)
    return picture


def _accuracies(
    axes: Axes, figure: LadderFigure, names: Mapping[str, str], runs: pd.DataFrame
) -> None:
    """A dot a run, a line through the medians, and the paper's own as a hollow mark."""
    for index, arm in enumerate(figure.arms):
        of_arm, style = runs[runs["arm"] == arm], arm_style(index)
        x = of_arm["images"] / 1000
        axes.scatter(x, of_arm["validation_accuracy"] * 100, s=7, color=style["color"], alpha=0.4,
                     linewidth=0, zorder=2)  # fmt: skip
        medians = of_arm.groupby("images")["validation_accuracy"].median() * 100
        axes.plot(medians.index / 1000, medians, **style, linewidth=1.4, label=names[arm], zorder=3)
        paper = of_arm["paper"].iloc[0] * 100
        axes.plot(PAPER_IMAGES + 1, paper, **PAPER, color=style["color"], zorder=4)
    axes.set_ylim(0, 102)
    axes.set_ylabel("Validation accuracy (%)")
    axes.set_title("Accuracy: runs, medians, and the paper's own (hollow)")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), handlelength=1.8)
    grid(axes)


def _panel(axes: Axes, rows: pd.DataFrame, names: Mapping[str, str]) -> None:
    first = rows.iloc[0]
    factor, unit = UNITS[first["unit"]]
    difference, low, high, paper, margin = (
        rows[key].to_numpy(np.float64) * factor
        for key in ("difference", "low", "high", "paper", "margin")
    )
    x = rows["images"].to_numpy() / 1000
    ends = np.concatenate([[0], difference, low, high, paper])
    ends = ends[np.isfinite(ends)]
    room = 0.12 * np.ptp(ends) or 1.0
    bottom, top = ends.min() - room, ends.max() + room
    said = {"higher": (0, top), "lower": (bottom, 0), "not_higher": (bottom, margin[0])}
    said |= dict.fromkeys(("equal", "equivalent"), (-margin[0], margin[0]))
    axes.axhspan(*said[first["expect"]], color=SAID, linewidth=0, zorder=0)
    axes.axhline(0, color="black", linewidth=0.8, zorder=1)
    axes.plot(x, difference, color=GREY, linewidth=0.8, linestyle=":", zorder=2)
    for at, value, least, most in zip(x, difference, low, high, strict=True):
        # An interval without an end goes to the axis's.
        axes.plot([at, at], [max(least, bottom), min(most, top)], color=COLOURS[0], zorder=2,
                  linewidth=1.2)  # fmt: skip
        sure = least > 0 or most < 0
        axes.plot(at, value, **MARK, markerfacecolor=COLOURS[0] if sure else "white", zorder=3)
    axes.plot(PAPER_IMAGES + 3, paper[0], **SINGLE, zorder=4)
    axes.set_ylim(bottom, top)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", MINUS)))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=2, steps=[1, 2, 5, 10]))
    axes.tick_params(labelsize=SMALL, length=2)
    pair = textwrap.fill(f"{names[first['arm']]} {MINUS} {names[first['other']]}", NAME)
    label = textwrap.fill(f"{first['label']} ({unit})", NAME)
    axes.set_title(f"{pair}\n{label}", fontsize=SMALL, fontweight="normal", loc="left", pad=3)


def _handles(table: pd.DataFrame) -> list[Any]:
    """What the legend says, of what is drawn alone."""
    sure = (table["low"] > 0) | (table["high"] < 0)
    handles: list[Any] = [
        Line2D([], [], **MARK, markerfacecolor=colour, label=text)
        for rows, colour, text in (
            (table[sure], COLOURS[0], "95% interval without 0"),
            (table[~sure], "white", "with 0"),
        )
        if not rows.empty
    ]
    if table["paper"].notna().any():
        handles.append(Line2D([], [], **SINGLE, label="the paper's, of single runs"))
    return [*handles, Patch(color=SAID, label="what the paper says")]
