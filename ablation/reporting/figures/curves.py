"""Accuracy over epochs, training dashed and validation solid (paper, figures 2, 5, 6 and 7)."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from scipy import stats

from ablation.base.errors import UserError
from ablation.reporting.config import CurvesFigure
from ablation.reporting.figures import CURVES, last_epochs, read_table
from ablation.reporting.figures.style import (
    DOUBLE_COLUMN,
    GREY,
    SINGLE_COLUMN,
    TRAINING_LINE,
    VALIDATION_LINE,
    arm_style,
    grid,
    journal,
    legend_below,
    number,
)
from ablation.reporting.wording import short_names

COLUMNS = ("arm", "seed", "epoch", "metric", "value", "majority_share")
# Both measured in inference mode; the running accuracy of training, which dropout distorts, is in
# the table and not drawn.
LINES: dict[str, dict[str, Any]] = {
    "train_accuracy": TRAINING_LINE,
    "validation_accuracy": VALIDATION_LINE,
}
MARKS_A_LINE = 8
FEWEST = 3  # seeds that have a band: the interval of two is 13 standard deviations long
HEIGHT = 3.0  # inches
NAME = 20  # characters of a line of an arm's name
NAME_GAP = 0.075  # of an axis's height, between the names at the ends of lines


def read(folder: Path) -> pd.DataFrame:
    """The tidy table: arm, seed, epoch (from 1), metric, value (0..1), majority_share (0..1).

    `majority_share` is the accuracy of naming the commonest label for every validation image.
    """
    return read_table(folder, COLUMNS, CURVES)


@journal()
def draw(figure: CurvesFigure, labels: Mapping[str, str], table: pd.DataFrame) -> Figure:
    """One panel with all epochs; with `figure.last`, a second one with the last share of them.

    The second has an axis of its own, on which differences of a point show. Each arm's name stands
    at the end of its validation line in the last panel.

    Raises:
        UserError: an arm has no training or no validation accuracy in the table.
    """
    lines = {
        (arm, metric): over_seeds(table, arm, metric) for arm in figure.arms for metric in LINES
    }
    epochs = max(int(line.index.max()) for line in lines.values())
    panels = 1 if figure.last is None else 2
    width = SINGLE_COLUMN if panels == 1 else DOUBLE_COLUMN
    picture = Figure(figsize=(width, HEIGHT), layout="constrained")
    axes = picture.subplots(1, panels, squeeze=False)[0]

    _panel(axes[0], figure, lines, first=1, last=epochs)
    axes[0].set_ylim(0, 102)  # so that markers at 100 % are whole
    _majority(axes[0], figure, table)
    if figure.last is not None:
        count = last_epochs(epochs, figure.last)
        _panel(axes[1], figure, lines, first=epochs - count + 1, last=epochs)
        axes[0].set_title("All epochs")
        axes[1].set_title("Last epoch" if count == 1 else f"Last {count} epochs")
    axes[0].set_ylabel("Accuracy (%)")
    _names(axes[-1], figure, _numbered(figure, labels, table), lines)
    handles = _handles(max(_seeds(figure, table).values()))
    legend_below(picture, handles, columns=len(handles) if panels == 2 else 2)
    return picture


def over_seeds(table: pd.DataFrame, arm: str, metric: str) -> pd.DataFrame:
    """Mean over the seeds and its 95% t interval, in %, indexed by epoch (k rows).

    Columns mean, low and high; with fewer than `FEWEST` seeds all three are the mean. An epoch that
    one of the arm's seeds lacks is left out: without it the mean would jump.

    Raises:
        UserError: no epoch has this metric for every seed of the arm.
    """
    rows = table[(table["arm"] == arm) & (table["metric"] == metric)]
    values = rows.pivot(index="epoch", columns="seed", values="value").dropna() * 100
    if values.empty:
        raise UserError(f"the table of curves has no {metric} of the arm {arm}")
    mean, seeds = values.mean(axis=1), values.shape[1]
    half = 0.0 * mean
    if seeds >= FEWEST:
        half = values.sem(axis=1) * float(stats.t.ppf(0.975, seeds - 1))
    return pd.DataFrame({"mean": mean, "low": mean - half, "high": mean + half})


def _panel(
    axes: Axes,
    figure: CurvesFigure,
    lines: Mapping[tuple[str, str], pd.DataFrame],
    first: int,
    last: int,
) -> None:
    """Draws the epochs from `first` to `last`; bands of validation alone, which hide no other."""
    for index, arm in enumerate(figure.arms):
        style = arm_style(index)
        for metric, line_style in LINES.items():
            line = lines[arm, metric].loc[first:last]
            step = max(1, len(line) // MARKS_A_LINE)
            axes.plot(
                line.index.to_numpy(),
                line["mean"].to_numpy(),
                **style,
                **line_style,
                # Arms that run together show their markers in turn.
                markevery=(index * step // len(figure.arms), step),
                markerfacecolor=style["color"] if metric == "validation_accuracy" else "white",
                label=f"{arm} {metric}",
                zorder=3,
            )
            if metric == "validation_accuracy" and (line["high"] > line["low"]).any():
                axes.fill_between(
                    line.index.to_numpy(),
                    line["low"].to_numpy(),
                    line["high"].to_numpy(),
                    color=style["color"],
                    alpha=0.18,
                    linewidth=0,
                    zorder=2,
                )
    margin = max(0.5, 0.03 * (last - first)) if last - first < 20 else 0.02 * (last - first)
    axes.set_xlim(first - margin, last + margin)
    axes.xaxis.set_major_locator(
        MaxNLocator(integer=True, nbins=8, min_n_ticks=1, steps=[1, 2, 5, 10])
    )
    axes.set_xlabel("Epoch")
    grid(axes)


def _majority(axes: Axes, figure: CurvesFigure, table: pd.DataFrame) -> None:
    """A dotted line, with its name, at what naming the commonest label scores.

    Where the arms' data sets differ in it, each line has the colour of its arms' first.
    """
    rows = table[table["arm"].isin(figure.arms)]
    means = rows.groupby("arm")["majority_share"].mean() * 100
    shares: dict[float, int] = {}
    for index, arm in enumerate(figure.arms):
        shares.setdefault(round(float(means[arm]), 1), index)
    for share, index in shares.items():
        colour = GREY if len(shares) == 1 else arm_style(index)["color"]
        axes.axhline(share, color=colour, linestyle=":", linewidth=1.2, zorder=1)
        axes.annotate(
            f"commonest label, {number(share)}%", (1, share), (-2, -2), ha="right", va="top",
            xycoords=axes.get_yaxis_transform(), textcoords="offset points", color=colour,
            zorder=4, bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.5},
        )  # fmt: skip


def _seeds(figure: CurvesFigure, table: pd.DataFrame) -> dict[str, int]:
    """arm -> how many seeds its line is the mean of."""
    counts = table[table["arm"].isin(figure.arms)].groupby("arm")["seed"].nunique()
    return {arm: int(counts[arm]) for arm in figure.arms}


def _numbered(
    figure: CurvesFigure, labels: Mapping[str, str], table: pd.DataFrame
) -> dict[str, str]:
    """arm -> its short name, with the number of its seeds where others have more."""
    seeds, names = _seeds(figure, table), short_names(figure.arms, labels)
    most = max(seeds.values())
    return {
        arm: names[arm] + (f" (n = {count})" if count < most else "")
        for arm, count in seeds.items()
    }


def _names(
    axes: Axes,
    figure: CurvesFigure,
    names: Mapping[str, str],
    lines: Mapping[tuple[str, str], pd.DataFrame],
) -> None:
    """Each arm's name right of the axes, at the height where its validation line ends."""
    short = {arm: textwrap.fill(name, NAME) for arm, name in names.items()}
    lines_each = 1 + max(name.count("\n") for name in short.values())
    ends = [lines[arm, "validation_accuracy"]["mean"] for arm in figure.arms]
    axes.autoscale_view()
    low, high = axes.get_ylim()
    places = spread(
        [float(end.iloc[-1]) for end in ends], (high - low) * NAME_GAP * lines_each, low, high
    )
    for index, (arm, end, place) in enumerate(zip(figure.arms, ends, places, strict=True)):
        colour = arm_style(index)["color"]
        axes.annotate(
            short[arm], (float(end.index[-1]), float(end.iloc[-1])), (1.05, place), va="center",
            textcoords=axes.get_yaxis_transform(), annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.6, "shrinkB": 3},
        )  # fmt: skip
    axes.set_ylim(low, high)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places as near as can be to those `wanted`, at least `gap` apart, from `low` up to `high`.

    Where there is no room for all of them between both, they reach below `low`.
    """
    order = np.argsort(wanted, kind="stable")
    places = np.array(wanted, np.float64)[order]
    for _ in range(len(places)):  # neighbours that are too close part about their middle
        for k in range(len(places) - 1):
            lack = gap - (places[k + 1] - places[k])
            if lack > 0:
                places[k] -= lack / 2
                places[k + 1] += lack / 2
    for k in range(len(places)):
        places[k] = max(places[k], low if k == 0 else places[k - 1] + gap)
    places -= max(0.0, places[-1] - high)
    found = np.empty_like(places)
    found[order] = places
    return [float(place) for place in found]


def _handles(seeds: int) -> list[Any]:
    """What dashed, solid and shaded mean; the arms' names stand at their lines."""
    meanings: list[Any] = [
        Line2D([], [], color=GREY, marker="o", markerfacecolor="white", **TRAINING_LINE,
               label="training"),
        Line2D([], [], color=GREY, marker="o", **VALIDATION_LINE, label="validation"),
    ]  # fmt: skip
    if seeds >= FEWEST:
        text = f"95% t interval over {seeds} seeds, validation"
        meanings.append(Patch(color=GREY, alpha=0.25, linewidth=0, label=text))
    return meanings
