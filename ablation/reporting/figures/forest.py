"""Every difference between two arms with its interval, and the paper's own beside it.

The paper's differences (sections 3.1 to 4.3) are of single runs: they stand beside the intervals
and take no part in a test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from ablation.reporting.config import ForestFigure
from ablation.reporting.figures import read_table
from ablation.reporting.figures.style import (
    COLOURS,
    DOUBLE_COLUMN,
    grid,
    journal,
    legend_below,
    number,
)

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
ROW, AROUND = 0.19, 1.45  # inches: of a row, and of title, axis and legend together
MINUS = "\N{MINUS SIGN}"
BLUE, ORANGE = COLOURS[0], COLOURS[1]
TOLD_APART = ("better", "worse")
# On an axis as wide as this, in points or epochs, small differences would not show: beyond
# LINEAR it is logarithmic.
WIDE, LINEAR = 12.0, 2.0
TICKS = (-50, -10, -2, 0, 2, 10, 50)

Row = tuple[str, str, str]  # group, arm, other


def read(folder: Path) -> pd.DataFrame:
    """One row a pair and metric: differences and bounds in shares or epochs, as `unit` says."""
    return read_table(folder, COLUMNS)


@journal()
def draw(figure: ForestFigure, labels: Mapping[str, str], table: pd.DataFrame) -> Figure:
    """A panel a metric, a row a pair: arms against the baseline first, then the other pairs.

    A metric that no run has, such as accuracy on test images without labels, has no panel.
    """
    metrics = [metric for metric in figure.metrics if metric in set(table["metric"])]
    places, names = _rows(table, labels)
    lowest = max(y for y, _, _ in names)
    picture = Figure(figsize=(DOUBLE_COLUMN, (lowest + 1) * ROW + AROUND), layout="constrained")
    panels = picture.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    values = _in_units(table)
    # Panels of one unit have one scale, so that their rows can be compared.
    reaches = values.groupby("unit")[list(LENGTHS)].apply(lambda rows: rows.abs().max().max())
    for axes, metric in zip(panels, metrics, strict=True):
        rows = values[values["metric"] == metric]
        _panel(axes, rows, places, float(reaches[rows.iloc[0]["unit"]]))
    panels[0].set_ylim(lowest + 0.6, -0.6)
    panels[0].set_yticks([y for y, _, _ in names], [text for _, text, _ in names])
    for text, (_, _, head) in zip(panels[0].get_yticklabels(), names, strict=True):
        text.set_fontweight("bold" if head else "normal")
    legend_below(picture, _handles(table), columns=2)
    return picture


def _rows(
    table: pd.DataFrame, labels: Mapping[str, str]
) -> tuple[dict[Row, float], list[tuple[float, str, bool]]]:
    """Where each row stands, downwards from 0; and (place, text, whether it is a head) of all."""
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
            y += 1
            places[row] = y
            _, arm, other = row
            text = short[arm] if against else f"{short[arm]} {MINUS} {short[other]}"
            names.append((y, text, False))
        y += 1.5
    return places, names


def _in_units(table: pd.DataFrame) -> pd.DataFrame:
    """Shares as points; epochs as they are."""
    factor = table["unit"].map({"points": 100.0}).fillna(1.0)
    return table.assign(**{column: table[column] * factor for column in LENGTHS})


def _panel(axes: Axes, rows: pd.DataFrame, places: Mapping[Row, float], reach: float) -> None:
    first = rows.iloc[0]
    if pd.notna(first["margin"]):
        axes.axvspan(-first["margin"], first["margin"], color="#DDDDDD", linewidth=0, zorder=0)
    axes.axvline(0, color="black", linewidth=0.8, zorder=1)
    for row in rows.itertuples():
        y = places[str(row.group), str(row.arm), str(row.other)]
        if pd.notna(row.low):
            axes.plot([row.low, row.high], [y, y], color=BLUE, linewidth=1.3, zorder=2)
        decided = row.verdict in TOLD_APART
        axes.plot([row.difference], [y], **_mark(filled=decided), zorder=4)
        if pd.notna(row.paper):
            axes.plot([row.paper], [y], **_PAPER, zorder=3)
        axes.text(1.17, y, _signed(row.difference), transform=axes.get_yaxis_transform(),
                  ha="right", va="center_baseline")  # fmt: skip
    _scale(axes, reach)
    title = str(first["label"])
    axes.set_title(title[:1].upper() + title[1:])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    grid(axes, "x")
    axes.tick_params(axis="y", length=0)
    beyond = f",\nlogarithmic beyond {LINEAR:g}" if axes.get_xscale() == "symlog" else ""
    axes.set_xlabel(f"Difference ({first['unit']}{beyond})")


def _scale(axes: Axes, reach: float) -> None:
    """An axis that is as long on both sides of 0, linear where that shows small differences."""
    wide = reach > WIDE
    reach *= 1.4 if wide else 1.1
    axes.set_xlim(-reach, reach)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    if wide:
        axes.set_xscale("symlog", linthresh=LINEAR, linscale=0.8)
        axes.xaxis.set_major_locator(FixedLocator([tick for tick in TICKS if abs(tick) < reach]))
        axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", MINUS)))


def _signed(value: float) -> str:
    text = number(abs(value))
    return text if float(text) == 0 else ("+" if value > 0 else MINUS) + text


def _mark(filled: bool) -> dict[str, Any]:
    return {
        "linestyle": "none",
        "marker": "o",
        "markersize": 5,
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
    seeds = sorted(set(table["seeds"]))
    number = f"n = {seeds[0]}" if len(seeds) == 1 else f"n = {seeds[0]} to {seeds[-1]}"
    told = table["verdict"].isin(TOLD_APART)
    interval = {"linestyle": "-", "linewidth": 1.3} if table["low"].notna().any() else {}
    meaning = "mean of paired differences, 95% interval" if interval else "difference of two runs"
    handles: list[Any] = []
    if not told.all():
        open_mark = _mark(filled=False) | interval
        handles.append(Line2D([], [], **open_mark, label=f"{meaning} ({number})"))
    if told.any():
        handles.append(
            Line2D([], [], **_mark(filled=True) | interval,
                   label=f"told apart: Holm-adjusted p below 0.05 ({number})")
        )  # fmt: skip
    if table["paper"].notna().any():
        handles.append(Line2D([], [], **_PAPER, label="the paper's, of single runs"))
    if table["margin"].notna().any():
        margin = table["margin"].dropna().iloc[0] * 100
        handles.append(Patch(color="#DDDDDD", label=f"margin of equivalence, {margin:g} points"))
    return handles
