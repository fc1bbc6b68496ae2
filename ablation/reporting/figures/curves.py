"""Accuracy over epochs, training dashed and validation solid (paper, figures 2, 5, 6 and 7)."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from scipy import stats

from ablation.reporting.config import CurvesFigure
from ablation.reporting.figures.style import (
    DOUBLE_COLUMN,
    GREY,
    SINGLE_COLUMN,
    arm_style,
    grid,
    journal,
    legend_below,
)
from ablation.reporting.tables import read_csv
from ablation.reporting.wording import SPACE, rounded, short_names
from ablation.statistics.comparison import partly_stuck

# Both measured in inference mode; the running accuracy of training, which dropout distorts, is in
# the table and not drawn.
LINES: dict[str, dict[str, Any]] = {
    "train_accuracy": {"linestyle": "--", "linewidth": 1.2, "markerfacecolor": "white"},
    "validation_accuracy": {"linestyle": "-", "linewidth": 1.6},
}
MARKS_A_LINE = 8
FEWEST = 3  # seeds that have a band: the interval of two is 13 standard deviations long
HEIGHT = 3.0  # inches
NAME = 20  # characters of a line of an arm's name
ROOM = 6.0  # points of accuracy between two lines that have a name each


@journal
def draw(figure: CurvesFigure, labels: Mapping[str, str], folder: Path) -> Figure:
    """One panel with all epochs; with `figure.last`, a second one with the last share of them.

    The second has an axis of its own, on which differences of a point show. Of an arm with a stuck
    run, whose mean is like none of its runs, each run is drawn, the stuck ones in the first panel
    alone. `folder/data.csv` has the columns arm, seed, epoch (from 1), metric, value (0..1),
    majority_share (0..1), the accuracy of answering the majority class for every validation image,
    and stuck, of the run.
    """
    table = read_csv(folder / "data.csv")
    mixed = partly_stuck(table)
    lines = {
        (arm, metric): over_seeds(table, arm, metric) for arm in figure.arms for metric in LINES
    }
    single = {key: by_seed(table, *key) for key in lines if key[0] in mixed}
    epochs = int(table["epoch"].max())
    panels = 1 if figure.last is None else 2
    width = SINGLE_COLUMN if panels == 1 else DOUBLE_COLUMN
    picture = Figure(figsize=(width, HEIGHT), layout="constrained")
    axes = picture.subplots(1, panels, squeeze=False)[0]
    _panel(axes[0], figure, lines, single, first=1, last=epochs)
    axes[0].set_ylim(0, 102)  # so that markers at 100 % are whole
    axes[0].set_ylabel("Accuracy (%)")
    _majority(axes[0], figure, table)
    if figure.last is not None:
        first = epochs - max(1, round(epochs * figure.last)) + 1
        good = {key: by_seed(table[~table["stuck"]], *key) for key in single}
        _panel(axes[1], figure, lines, good, first=first, last=epochs)
        axes[0].set_title("All epochs")
        axes[1].set_title("Last epoch" if first == epochs else f"Epochs {first} to {epochs}")
    seeds = {str(arm): int(n) for arm, n in table.groupby("arm")["seed"].nunique().items()}
    _legends(picture, figure, short_names(figure.arms, labels), seeds, lines)
    return picture


def by_seed(table: pd.DataFrame, arm: str, metric: str) -> pd.DataFrame:
    """Each run's curve in %, indexed by epoch (k rows), a column a seed."""
    rows = table[(table["arm"] == arm) & (table["metric"] == metric)]
    return rows.pivot(index="epoch", columns="seed", values="value") * 100


def over_seeds(table: pd.DataFrame, arm: str, metric: str) -> pd.DataFrame:
    """Mean over the seeds and its 95% t interval, in %, indexed by epoch (k rows).

    Columns mean, low and high, the ends inside 0 and 100 as in tables; with fewer than `FEWEST`
    seeds all three are the mean.
    """
    values = by_seed(table, arm, metric)
    mean, seeds = values.mean(axis=1), values.shape[1]
    half = 0.0 * mean
    if seeds >= FEWEST:
        half = values.sem(axis=1) * float(stats.t.ppf(0.975, seeds - 1))
    ends = {"low": (mean - half).clip(lower=0), "high": (mean + half).clip(upper=100)}
    return pd.DataFrame({"mean": mean, **ends})


def _panel(
    axes: Axes,
    figure: CurvesFigure,
    lines: Mapping[tuple[str, str], pd.DataFrame],
    single: Mapping[tuple[str, str], pd.DataFrame],
    first: int,
    last: int,
) -> None:
    """Draws the epochs from `first` to `last`; bands of validation alone, which hide no other.

    `single` has the runs of the arms that have no mean.
    """
    for index, arm in enumerate(figure.arms):
        style = arm_style(index)
        for metric, line_style in LINES.items():
            line = lines[arm, metric].loc[first:last]
            step = max(1, len(line) // MARKS_A_LINE)
            # Arms that run together show their markers in turn.
            turn = (index * step // len(figure.arms), step)
            if (arm, metric) in single:
                thin = line_style | {"linewidth": 0.6, "markersize": 2}
                axes.plot(single[arm, metric].loc[first:last], **style | thin, markevery=turn)
                continue
            axes.plot(line["mean"], **style, **line_style, markevery=turn, zorder=3)
            if metric == "validation_accuracy":
                axes.fill_between(
                    line.index, line["low"], line["high"],
                    color=style["color"], alpha=0.18, linewidth=0, zorder=2,
                )  # fmt: skip
    margin = max(0.5, 0.03 * (last - first)) if last - first < 20 else 0.02 * (last - first)
    axes.set_xlim(first - margin, last + margin)
    axes.xaxis.set_major_locator(
        MaxNLocator(integer=True, nbins=8, min_n_ticks=1, steps=[1, 2, 5, 10])
    )
    axes.set_xlabel("Epoch")
    grid(axes)


def _majority(axes: Axes, figure: CurvesFigure, table: pd.DataFrame) -> None:
    """A dotted line, with its name, at the accuracy of answering the majority class.

    Where the arms' data sets differ in it, each line has the colour of its arms' first, and lines
    that are too near for a name each have one together.
    """
    shares: dict[str, int] = {}
    for index, arm in enumerate(figure.arms):
        share = table.loc[table["arm"] == arm, "majority_share"].iloc[0]
        shares.setdefault(rounded(share * 100), index)
    named: list[list[str]] = []
    for share in sorted(shares, key=float, reverse=True):
        colour = GREY if len(shares) == 1 else arm_style(shares[share])["color"]
        axes.axhline(float(share), color=colour, linestyle=":", linewidth=1.2, zorder=1)
        if named and float(named[-1][-1]) - float(share) < ROOM:
            named[-1].append(share)
        else:
            named.append([share])
    for near in named:
        alone = len(near) == 1 < len(shares)
        axes.annotate(
            f"majority class, {' and '.join(near)}%", (1, float(near[-1])), (-2, -2), ha="right",
            va="top", xycoords=axes.get_yaxis_transform(), textcoords="offset points", zorder=4,
            color=arm_style(shares[near[0]])["color"] if alone else GREY,
            bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.5},
        )  # fmt: skip


def _legends(
    picture: Figure,
    figure: CurvesFigure,
    names: Mapping[str, str],
    seeds: Mapping[str, int],
    lines: Mapping[tuple[str, str], pd.DataFrame],
) -> None:
    """Right of the panels the arms, the highest at the end first; below what the lines mean."""
    most, arms = max(seeds.values()), []
    for index, arm in enumerate(figure.arms):
        few = f" (n{SPACE}={SPACE}{seeds[arm]})" if seeds[arm] < most else ""
        style = arm_style(index) | LINES["validation_accuracy"]
        arms.append(Line2D([], [], **style, label=textwrap.fill(names[arm] + few, NAME)))
    last = [lines[arm, "validation_accuracy"]["mean"].iloc[-1] for arm in figure.arms]
    order = sorted(range(len(arms)), key=lambda index: -last[index])
    picture.legend(
        handles=[arms[index] for index in order], loc="outside right center", handlelength=1.8
    )
    meanings: list[Any] = [
        Line2D([], [], color=GREY, marker="o", **style, label=metric.split("_")[0])
        for metric, style in LINES.items()
    ]
    meanings[0].set_label("training")
    if most >= FEWEST:
        text = f"95% t interval over {most} seeds, validation"
        meanings.append(Patch(color=GREY, alpha=0.25, linewidth=0, label=text))
    legend_below(picture, meanings, columns=len(meanings) if figure.last is not None else 2)
