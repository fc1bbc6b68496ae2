"""Every difference between two arms with its interval, and the paper's own beside it.

The paper's differences (sections 3.1 to 4.3) are of single runs: they stand beside the intervals
and take no part in a test.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ablation.reporting.config import ForestFigure
from ablation.reporting.figures import DIFFERENCES, compared, far, read_table
from ablation.reporting.figures.style import (
    COLOURS,
    DOUBLE_COLUMN,
    grid,
    journal,
    legend_below,
    number,
)
from ablation.reporting.wording import n_is

COLUMNS = (
    "arm",
    "other",
    "metric",
    "group",
    "seeds",
    "difference",
    "low",
    "high",
    "paper",
    "verdict",
    "label",
    "unit",
    "margin",
)
LENGTHS = ("difference", "low", "high", "paper", "margin")
BASELINE = "baseline"  # the group of arms against the baseline
ROW, AROUND = 0.19, 1.25  # inches: of a row, and of title, axis and legend together
NAME, LINE = 30, 0.68  # characters of a line of a name; rows that each further line takes
BETWEEN = 0.55  # inches, of the axis between near and far rows
MINUS = "\N{MINUS SIGN}"
BLUE, ORANGE = COLOURS[0], COLOURS[1]
TOLD_APART = ("better", "worse")

Row = tuple[str, str, str]  # group, arm, other


def read(folder: Path) -> pd.DataFrame:
    """One row a pair and metric: differences and bounds in shares or epochs, as `unit` says."""
    return read_table(folder, COLUMNS, DIFFERENCES)


@journal()
def draw(figure: ForestFigure, labels: Mapping[str, str], table: pd.DataFrame) -> Figure:
    """A panel a metric, a row a pair: arms against the baseline first, then the other pairs.

    Pairs that lie far apart stand below the others, on an axis of their own. A metric that no run
    has, such as accuracy on test images without labels, has no panel.
    """
    labels = {arm: labels[arm] for arm in compared(table, labels)}
    metrics = [metric for metric in figure.metrics if metric in set(table["metric"])]
    values, below = _in_units(table), far(table)
    blocks = [block for block in (values[~below], values[below]) if not block.empty]
    laid = [_rows(block, labels, int(table["seeds"].max())) for block in blocks]
    heights = [max(y for y, _, _ in names) + 1.2 for _, names in laid]
    height = sum(heights) * ROW + AROUND + BETWEEN * (len(blocks) - 1)
    picture = Figure(figsize=(DOUBLE_COLUMN, height), layout="constrained")
    panels = picture.subplots(len(blocks), len(metrics), squeeze=False, sharey="row",
                              height_ratios=heights)  # fmt: skip
    for index, (block, (places, names)) in enumerate(zip(blocks, laid, strict=True)):
        for axes, metric in zip(panels[index], metrics, strict=True):
            rows = block[block["metric"] == metric]
            ends = _ends(block, str(rows.iloc[0]["unit"]))
            _panel(axes, rows, places, ends)
            if index == 0:
                title = str(rows.iloc[0]["label"])
                axes.set_title(title[:1].upper() + title[1:])
        first = panels[index][0]
        first.set_ylim(max(y for y, _, _ in names) + 0.6, -0.6)
        first.set_yticks([y for y, _, _ in names], [text for _, text, _ in names])
        for text, (_, _, head) in zip(first.get_yticklabels(), names, strict=True):
            text.set_fontweight("bold" if head else "normal")
    legend_below(picture, _handles(table), columns=2)
    return picture


def _rows(
    table: pd.DataFrame, labels: Mapping[str, str], most: int
) -> tuple[dict[Row, float], list[tuple[float, str, bool]]]:
    """Where each row stands, downwards from 0; and (place, text, whether it is a head) of all.

    The name of a row of fewer seeds than `most` says of how many.
    """
    seeds = table.groupby(["group", "arm", "other"])["seeds"].min()
    short = {arm: label.split(" (")[0] for arm, label in labels.items()}
    rows = list(dict.fromkeys(zip(table["group"], table["arm"], table["other"], strict=True)))
    places: dict[Row, float] = {}
    names: list[tuple[float, str, bool]] = []
    y = 0.0
    for group in dict.fromkeys(group for group, _, _ in rows):
        of_group = [row for row in rows if row[0] == group]
        against = group == BASELINE
        head = f"arm {MINUS} {short[of_group[0][2]]}" if against else "other pairs"
        names.append((y, head, True))
        for row in of_group:
            _, arm, other = row
            text = short[arm] if against else f"{short[arm]} {MINUS} {short[other]}"
            if seeds[row] < most:
                text += f" ({n_is(seeds[row])})"
            text = textwrap.fill(text, NAME)
            more = text.count("\n") * LINE / 2  # above the row's middle, and as much below
            y += 1 + more
            places[row] = y
            names.append((y, text, False))
            y += more
        y += 1.5
    return places, names


def _in_units(table: pd.DataFrame) -> pd.DataFrame:
    """Shares as points; epochs as they are."""
    factor = table["unit"].map({"points": 100.0}).fillna(1.0)
    return table.assign(**{column: table[column] * factor for column in LENGTHS})


def _panel(
    axes: Axes, rows: pd.DataFrame, places: Mapping[Row, float], ends: tuple[float, float]
) -> None:
    first = rows.iloc[0]
    if pd.notna(first["margin"]) and _decidable(rows):
        axes.axvspan(-first["margin"], first["margin"], color="#DDDDDD", linewidth=0, zorder=0)
    axes.axvline(0, color="black", linewidth=0.8, zorder=1)
    for row in rows.itertuples():
        y = places[str(row.group), str(row.arm), str(row.other)]
        text = _signed(row.difference)
        if pd.notna(row.low):
            axes.plot([row.low, row.high], [y, y], color=BLUE, linewidth=1.3, zorder=2)
            text += f" [{_signed(row.low)}, {_signed(row.high)}]"
        decided = row.verdict in TOLD_APART
        axes.plot([row.difference], [y], **_mark(filled=decided), zorder=4)
        if pd.notna(row.paper):
            axes.plot([row.paper], [y], **_PAPER, zorder=3)
        axes.text(1.02, y, text, transform=axes.get_yaxis_transform(), va="center_baseline")
    axes.set_xlim(*ends)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=3, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", MINUS)))
    axes.spines["left"].set_visible(False)
    grid(axes, "x")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(f"Difference ({first['unit']})")


def _decidable(rows: pd.DataFrame) -> bool:
    """Whether the seeds allow any verdict: without one, no difference can be called equivalent."""
    return bool((rows["verdict"] != "no verdict").any())


def _ends(block: pd.DataFrame, unit: str) -> tuple[float, float]:
    """The ends of an axis for all rows of this unit: panels of one unit can be compared."""
    rows = block.loc[block["unit"] == unit, ["difference", "low", "high", "paper"]]
    low, high = min(0.0, float(rows.min().min())), max(0.0, float(rows.max().max()))
    margin = 0.06 * (high - low) or 1.0
    return low - margin, high + margin


def _signed(value: float) -> str:
    text = number(abs(value))
    return text if float(text) == 0 else ("+" if value > 0 else MINUS) + text


def _mark(filled: bool) -> dict[str, Any]:
    return {
        "linestyle": "none",
        "marker": "o",
        "markersize": 4,
        "color": BLUE,
        "markerfacecolor": BLUE if filled else "white",
        "markeredgewidth": 1.2,
    }


_PAPER: dict[str, Any] = {
    "linestyle": "none",
    "marker": "D",
    "markersize": 5,
    "color": "black",
    "markerfacecolor": ORANGE,
    "markeredgewidth": 0.8,
}


def _handles(table: pd.DataFrame) -> Sequence[Any]:
    """What the legend says, of what is drawn alone."""
    told = table["verdict"].isin(TOLD_APART)
    interval = {"linestyle": "-", "linewidth": 1.3} if table["low"].notna().any() else {}
    meaning = "mean of paired differences, 95% interval" if interval else "difference of two runs"
    handles: list[Any] = []
    if not told.all():
        open_mark = _mark(filled=False) | interval
        handles.append(Line2D([], [], **open_mark, label=f"{meaning} ({_n(table[~told])})"))
    if told.any():
        handles.append(
            Line2D([], [], **_mark(filled=True) | interval,
                   label=f"told apart: Holm-adjusted p below 0.05 ({_n(table[told])})")
        )  # fmt: skip
    if table["paper"].notna().any():
        handles.append(Line2D([], [], **_PAPER, label="the paper's, of single runs"))
    if table["margin"].notna().any() and _decidable(table):
        margin = table["margin"].dropna().iloc[0] * 100
        handles.append(Patch(color="#DDDDDD", label=f"margin of equivalence, {margin:g} points"))
    return handles


def _n(rows: pd.DataFrame) -> str:
    low, high = int(rows["seeds"].min()), int(rows["seeds"].max())
    return f"n = {low}" if low == high else f"n = {low} to {high}"
