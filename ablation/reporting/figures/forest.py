"""Every difference between two arms with its interval, and the paper's own beside it.

The paper's differences (sections 3.1 to 4.3) are of single runs: they stand beside the intervals
and take no part in a test.
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

from ablation.reporting.config import ForestFigure
from ablation.reporting.figures import far
from ablation.reporting.figures.style import (
    COLOURS,
    DOUBLE_COLUMN,
    PAPERS,
    grid,
    journal,
    legend_below,
)
from ablation.reporting.tables import read_csv
from ablation.reporting.wording import MINUS, SPACE, rounded, short_names

LENGTHS = ["difference", "low", "high", "paper", "margin"]
ROW, AROUND = 0.17, 1.3  # inches: of a row, and of title, axis and legend together
NAME, LINE = 31, 0.68  # characters of a line of a name; rows that each further line takes
BETWEEN = 0.55  # inches, of the axis between near and far rows
BLUE, MARGIN = COLOURS[0], "#DDDDDD"
SIGNIFICANT = ("higher", "lower")
OPEN: dict[str, Any] = {"marker": "o", "markersize": 4, "color": BLUE, "markeredgewidth": 1.2,
                        "markerfacecolor": "white"}  # fmt: skip
EQUAL = OPEN | {"marker": "s"}
FILLED = OPEN | {"markerfacecolor": BLUE}
MARKS = {"higher": FILLED, "lower": FILLED, "equal": EQUAL, "open": OPEN}


@journal
def draw(figure: ForestFigure, labels: Mapping[str, str], folder: Path) -> Figure:
    """A panel a metric, a row a pair, under its question.

    Pairs that lie far apart stand below the others, on an axis of their own. A metric that no run
    has, such as accuracy on test images without labels, has no panel. `folder/data.csv` has the
    rows of comparison.csv with title of their question and label and margin of their metric.
    """
    table = read_csv(folder / "data.csv")
    metrics, below = list(table["metric"].unique()), far(table)
    table[LENGTHS] *= 100  # points
    blocks = [block for block in (table[~below], table[below]) if not block.empty]
    laid = [_rows(block, labels, int(table[["n", "n_other"]].max().max())) for block in blocks]
    heights = [bottom + 0.6 for _, _, bottom in laid]
    height = sum(heights) * ROW + AROUND + BETWEEN * (len(blocks) - 1)
    picture = Figure(figsize=(DOUBLE_COLUMN, height), layout="constrained")
    panels = picture.subplots(len(blocks), len(metrics), squeeze=False, sharey="row",
                              height_ratios=heights)  # fmt: skip
    for line, block, (places, names, bottom) in zip(panels, blocks, laid, strict=True):
        for axes, metric in zip(line, metrics, strict=True):
            _limit(axes, block)
            _panel(axes, block[block["metric"] == metric], places)
        line[0].set_ylim(bottom, -0.6)
        line[0].set_yticks([y for y, _, _ in names], [text for _, text, _ in names])
        for text, (_, _, head) in zip(line[0].get_yticklabels(), names, strict=True):
            text.set_fontweight("bold" if head else "normal")
    for axes, metric in zip(panels[0], metrics, strict=True):
        title = table.loc[table["metric"] == metric, "label"].iloc[0]
        axes.set_title(title[:1].upper() + title[1:])
    legend_below(picture, _handles(table), columns=2)
    return picture


def _rows(
    table: pd.DataFrame, labels: Mapping[str, str], most: int
) -> tuple[dict[tuple[str, str], float], list[tuple[float, str, bool]], float]:
    """Where each pair stands, downwards from 0; (place, text, is a head) of all; the end.

    The name of a row whose arms have fewer runs than `most` says how many. A question of one pair
    has no head.
    """
    short = short_names(list(labels), labels)
    pairs = table.drop_duplicates(["question", "arm", "other"])
    places: dict[tuple[str, str], float] = {}
    names: list[tuple[float, str, bool]] = []
    y = -1.0
    for _, rows in pairs.groupby("question", sort=False):
        if len(rows) > 1:
            y += 1.0
            names.append((y, rows["title"].iloc[0], True))
        for row in rows.itertuples():
            few = f" (n{SPACE}={SPACE}{row.n},{SPACE}{row.n_other})"
            runs = "" if row.n == row.n_other == most else few
            text = textwrap.fill(f"{short[row.arm]} {MINUS} {short[row.other]}{runs}", NAME)
            more = text.count("\n") * LINE / 2  # above the row's middle, and as much below
            y += 1 + more
            places[row.arm, row.other] = y
            names.append((y, text, False))
            y += more
        y += 0.4
    return places, names, y + 0.3


def _panel(axes: Axes, rows: pd.DataFrame, places: Mapping[tuple[str, str], float]) -> None:
    margin, (left, right) = rows["margin"].max(), axes.get_xlim()
    if pd.notna(margin):
        axes.axvspan(-margin, margin, color=MARGIN, linewidth=0, zorder=0)
    axes.axvline(0, color="black", linewidth=0.8, zorder=1)
    for row in rows.itertuples():
        y, text = places[row.arm, row.other], _signed(row.difference)
        if np.isfinite([row.low, row.high]).any():
            ends = [max(row.low, left), min(row.high, right)]  # without an end: to the axis's
            axes.plot(ends, [y, y], color=BLUE, linewidth=1.3, zorder=2)
            text += f" [{_signed(row.low)}, {_signed(row.high)}]"
        axes.plot(row.difference, y, **MARKS[row.found], zorder=4)
        axes.plot(row.paper, y, **PAPERS, zorder=3)
        axes.text(1.02, y, text, transform=axes.get_yaxis_transform(), va="center_baseline")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=3, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.spines["left"].set_visible(False)
    grid(axes, "x")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("Difference (points)")


def _limit(axes: Axes, block: pd.DataFrame) -> None:
    """The ends of an axis for all rows of a block, so that panels can be compared."""
    values = block[["difference", "low", "high", "paper"]].replace([np.inf, -np.inf], np.nan)
    low, high = min(0.0, values.min().min()), max(0.0, values.max().max())
    margin = 0.06 * (high - low) or 1.0
    axes.set_xlim(low - margin, high + margin)


def _signed(value: float) -> str:
    if np.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    text = rounded(abs(value))
    return text if float(text) == 0 else ("+" if value > 0 else MINUS) + text


def _handles(table: pd.DataFrame) -> list[Any]:
    """What the legend says, of what is drawn alone."""
    line: dict[str, Any] = {"linestyle": "-", "linewidth": 1.3}
    handles: list[Any] = []
    for kinds, mark, text in (
        (SIGNIFICANT, FILLED, "significant: p below 0.05 after Holm's correction"),
        (("equal",), EQUAL, "equal: 90% interval within the margin"),
        (("open",), OPEN, "open"),
    ):
        if table["found"].isin(kinds).any():
            handles.append(Line2D([], [], **mark, **line, label=text))
    if table["paper"].notna().any():
        handles.append(Line2D([], [], **PAPERS))
    if table["margin"].notna().any():
        margin = table["margin"].max()
        handles.append(Patch(color=MARGIN, label=f"margin of equality, {margin:g} points"))
    return handles
