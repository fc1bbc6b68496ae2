"""Each claimed difference over the number of different training images, a panel a claim.

What does not change from rung to rung belongs to the networks, what changes to the scale.
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
from matplotlib.ticker import MaxNLocator

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
from ablation.reporting.wording import MINUS, short_names

PAPER_IMAGES = 40  # thousands: 80% of 50,000 (section 2)
COLUMNS = 4
# Inches: of the accuracies, of a row of panels, of names of metrics above it, of axis and legend.
TOP, PANEL, NAMES, BELOW = 1.7, 0.9, 0.14, 0.5
NAME, LEGEND = 25, 20  # characters: of a panel's title, of an arm's name
UNITS = {"points": (100, "points"), "images": (1e-3, "thousands"), "%": (100, "%")}
TITLE: dict[str, Any] = {"fontsize": 8, "fontweight": "normal", "loc": "left", "pad": 3}
SAID = "#E4E4E4"
MARK: dict[str, Any] = {"marker": "o", "markersize": 4, "color": COLOURS[0], "linewidth": 1.2}
PAPER: dict[str, Any] = {"linestyle": "none", "marker": "D", "markersize": 4.5,
                         "markerfacecolor": "white", "markeredgewidth": 1.0}  # fmt: skip
SINGLE = PAPER | {"markeredgecolor": COLOURS[6]}


@journal
def draw(figure: LadderFigure, labels: Mapping[str, str], folder: Path) -> Figure:
    """Above the arms' validation accuracy, run by run; below a panel a claim, what it says shaded.

    `folder/runs.csv` has study, arm, seed, images, validation_accuracy (0..1) and paper;
    `folder/data.csv` a row a claim and study with its difference, as `figure_tables.ladder_table`
    gives it.
    """
    table, runs = read_csv(folder / "data.csv"), read_csv(folder / "runs.csv")
    short = short_names(list(labels), labels)
    laid = _laid(table)
    lowest = {column: row for row, column in sorted(laid.values())}
    rows = max(lowest.values(), default=-1) + 1
    # Each row of panels has a thin one above it, for the names of metrics that begin there.
    heights = [TOP, *[NAMES, PANEL] * rows]
    furthest = max(PAPER_IMAGES, runs["images"].max() / 1000, table["images"].max() / 1000)
    size = (DOUBLE_COLUMN, sum(heights) + BELOW)
    picture = Figure(figsize=size, layout="constrained")
    places = picture.add_gridspec(len(heights), COLUMNS, height_ratios=heights)
    above = picture.add_subplot(places[0, :-1])
    _accuracies(above, figure, short, runs)
    above.set_xlim(0, furthest * 1.05)
    begins = {*table.drop_duplicates("label")["claim"]}
    for claim, (row, column) in laid.items():
        of_claim = table[table["claim"] == claim]
        if claim in begins:
            label, unit = of_claim[["label", "unit"]].iloc[0]
            axes = picture.add_subplot(places[1 + 2 * row, column])
            axes.set_axis_off()
            head = f"{label[0].upper()}{label[1:]} ({UNITS[unit][1]})"
            text = axes.annotate(head, (0, 0), (-16, 0), xycoords="axes fraction", fontsize=9,
                                 textcoords="offset points", fontweight="bold")  # fmt: skip
            text.set_in_layout(False)  # it stands across its neighbours
        axes = picture.add_subplot(places[2 + 2 * row, column])
        _panel(axes, of_claim)
        axes.set_xlim(0, furthest * 1.15)
        axes.tick_params(labelbottom=row == lowest[column], length=2)
        arm, other = (short[of_claim[key].iloc[0]] for key in ("arm", "other"))
        between = " " if len(f"{arm} {MINUS} {other}") <= NAME else "\n"
        axes.set_title(f"{arm} {MINUS}{between}{other}", **TITLE)
    legend_below(picture, _handles(table), columns=4, length=1.8)
    return picture


def _laid(table: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """claim -> the row and the column of its panel; each metric begins a row."""
    laid: dict[str, tuple[int, int]] = {}
    place = 0
    for _, rows in table.groupby("label", sort=False):
        claims = list(dict.fromkeys(rows["claim"]))
        laid |= {claim: divmod(place + index, COLUMNS) for index, claim in enumerate(claims)}
        place = -(-(place + len(claims)) // COLUMNS) * COLUMNS
    return laid


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
        name = textwrap.fill(names[arm], LEGEND)
        axes.plot(medians.index / 1000, medians, **style, linewidth=1.4, label=name, zorder=3)
        paper = of_arm["paper"].iloc[0] * 100
        axes.plot(PAPER_IMAGES + 1, paper, **PAPER, color=style["color"], zorder=4)
    axes.set_ylim(0, 102)
    axes.set_ylabel("Accuracy (%)")
    axes.set_xlabel("Different training images (thousands)")
    axes.set_title("Validation accuracy of each run, medians, the paper's own (hollow)", loc="left")
    # Beside the axes, and no part of their layout: the panels below are as wide without it.
    beside = axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), handlelength=1.8)
    beside.set_in_layout(False)
    grid(axes)


def _panel(axes: Axes, rows: pd.DataFrame) -> None:
    first = rows.iloc[0]
    factor, _ = UNITS[first["unit"]]
    difference, low, high, paper, margin = (
        rows[key].to_numpy(np.float64) * factor
        for key in ("difference", "low", "high", "paper", "margin")
    )
    x = rows["images"].to_numpy() / 1000
    ends = np.concatenate([[0], difference, low, high, paper])
    ends = ends[np.isfinite(ends)]
    room = 0.12 * np.ptp(ends) or 1.0
    bottom, top = ends.min() - room, ends.max() + room
    said = {"higher": (0, top), "lower": (bottom, 0), "not_higher": (bottom, margin[0]),
            "equal": (-margin[0], margin[0])}  # fmt: skip
    axes.axhspan(*said[first["expect"]], color=SAID, linewidth=0, zorder=0)
    axes.axhline(0, color="black", linewidth=0.8, zorder=1)
    axes.plot(x, difference, color=GREY, linewidth=0.8, linestyle=":", zorder=2)
    for at, value, least, most in zip(x, difference, low, high, strict=True):
        # An interval without an end goes to the axis's.
        axes.plot([at, at], [max(least, bottom), min(most, top)], color=COLOURS[0], zorder=2,
                  linewidth=1.2)  # fmt: skip
        # An infinite difference, where too few runs of an arm reach a level, points beyond.
        mark = {"marker": "^" if value == np.inf else "v"} if np.isinf(value) else {}
        sure = least > 0 or most < 0
        axes.plot(at, np.clip(value, bottom, top), **MARK | mark, zorder=3, clip_on=False,
                  markerfacecolor=COLOURS[0] if sure else "white")  # fmt: skip
    axes.plot(PAPER_IMAGES + 3, paper[0], **SINGLE, zorder=4)
    axes.set_ylim(bottom, top)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=3, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=2, steps=[1, 2, 5, 10]))


def _handles(table: pd.DataFrame) -> list[Any]:
    """What the legend says, of what is drawn alone."""
    sure = (table["low"] > 0) | (table["high"] < 0)
    handles: list[Any] = [
        Line2D([], [], **MARK, markerfacecolor=colour, label=text)
        for rows, colour, text in (
            (table[sure], COLOURS[0], "95% interval excludes 0"),
            (table[~sure], "white", "includes 0"),
        )
        if not rows.empty
    ]
    if table["paper"].notna().any():
        handles.append(Line2D([], [], **SINGLE, label="the paper's, of single runs"))
    return [*handles, Patch(color=SAID, label="what the paper says")]
