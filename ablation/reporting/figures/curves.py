"""Accuracy over epochs, training dashed and validation solid (paper, figures 2, 5, 6 and 7)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from ablation.reporting.config import CurvesFigure
from ablation.reporting.figures import last_epochs, read_table
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

COLUMNS = ("arm", "seed", "epoch", "metric", "value", "majority_share")
# Both measured in inference mode; the running accuracy of training, which dropout distorts, is in
# the table and not drawn.
LINES: dict[str, dict[str, Any]] = {
    "train_accuracy": TRAINING_LINE,
    "validation_accuracy": VALIDATION_LINE,
}
MARKS_A_LINE = 8


def read(folder: Path) -> pd.DataFrame:
    """The tidy table: arm, seed, epoch (from 1), metric, value (0..1), majority_share (0..1).

    `majority_share` is the accuracy of naming the commonest label for every validation image.
    """
    return read_table(folder, COLUMNS)


@journal()
def draw(figure: CurvesFigure, labels: Mapping[str, str], table: pd.DataFrame) -> Figure:
    """One panel with all epochs; with `figure.last`, a second one with the last share of them.

    Raises:
        ValueError: an arm has no training or no validation accuracy in the table.
    """
    lines = {
        (arm, metric): over_seeds(table, arm, metric) for arm in figure.arms for metric in LINES
    }
    epochs = max(int(line.index.max()) for line in lines.values())
    panels = 1 if figure.last is None else 2
    picture = Figure(
        figsize=(SINGLE_COLUMN if panels == 1 else DOUBLE_COLUMN, 3.3), layout="constrained"
    )
    axes = picture.subplots(1, panels, squeeze=False)[0]

    _panel(axes[0], figure, lines, first=1, last=epochs)
    axes[0].set_ylim(0, 102)  # so that markers at 100 % are whole
    shares = _majority_shares(figure, table)
    for share in shares:
        axes[0].axhline(share, color=GREY, linestyle=":", linewidth=1.2, zorder=1)
    if figure.last is not None:
        count = last_epochs(epochs, figure.last)
        _panel(axes[1], figure, lines, first=epochs - count + 1, last=epochs)
        axes[0].set_title("All epochs")
        axes[1].set_title("Last epoch" if count == 1 else f"Last {count} epochs")
    axes[0].set_ylabel("Accuracy (%)")
    arms, meanings = _handles(figure, labels, shares, seeds=_seeds(figure, table))
    if panels == 2:
        # A legend fills its columns in turn: blanks keep the arms in the first one.
        blanks = [Line2D([], [], linestyle="none", label=" ") for _ in range(8)]
        rows = max(len(arms), len(meanings))
        arms, meanings = (arms + blanks)[:rows], (meanings + blanks)[:rows]
    legend_below(picture, arms + meanings, columns=panels)
    return picture


def over_seeds(table: pd.DataFrame, arm: str, metric: str) -> pd.DataFrame:
    """Mean, minimum and maximum over the seeds, in %, indexed by epoch (k rows, 3 columns).

    An epoch that one of the arm's seeds lacks is left out: without it the mean would jump.

    Raises:
        ValueError: no epoch has this metric for every seed of the arm.
    """
    rows = table[(table["arm"] == arm) & (table["metric"] == metric)]
    values = rows.pivot(index="epoch", columns="seed", values="value").dropna() * 100
    if values.empty:
        raise ValueError(f"the table of curves has no {metric} of the arm {arm}")
    return pd.DataFrame(
        {"mean": values.mean(axis=1), "low": values.min(axis=1), "high": values.max(axis=1)}
    )


def _panel(
    axes: Axes,
    figure: CurvesFigure,
    lines: Mapping[tuple[str, str], pd.DataFrame],
    first: int,
    last: int,
) -> None:
    """Draws the epochs from `first` to `last`."""
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
            if (line["high"] > line["low"]).any():
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


def _majority_shares(figure: CurvesFigure, table: pd.DataFrame) -> list[float]:
    """The shares (in %, one decimal) of the majority class that the arms' data sets have."""
    rows = table[table["arm"].isin(figure.arms)]
    means = rows.groupby("arm")["majority_share"].mean() * 100
    return sorted({round(float(share), 1) for share in means})


def _seeds(figure: CurvesFigure, table: pd.DataFrame) -> int:
    return int(table[table["arm"].isin(figure.arms)].groupby("arm")["seed"].nunique().max())


def _handles(
    figure: CurvesFigure, labels: Mapping[str, str], shares: list[float], seeds: int
) -> tuple[list[Any], list[Any]]:
    """What the legend says: each arm; and what dashed, solid, dotted and shaded mean."""
    arms: list[Any] = [
        Line2D([], [], **arm_style(index), **VALIDATION_LINE, label=labels[arm])
        for index, arm in enumerate(figure.arms)
    ]
    meanings: list[Any] = [
        Line2D([], [], color=GREY, marker="o", markerfacecolor="white", **TRAINING_LINE,
               label="training"),
        Line2D([], [], color=GREY, marker="o", **VALIDATION_LINE, label="validation"),
    ]  # fmt: skip
    if seeds > 1:
        meanings.append(Patch(color=GREY, alpha=0.25, linewidth=0, label=f"range of {seeds} seeds"))
    if shares:
        listed = ", ".join(f"{number(share)}%" for share in shares)
        meanings.append(
            Line2D([], [], color=GREY, linestyle=":", linewidth=1.2,
                   label=f"majority class ({listed})")
        )  # fmt: skip
    return arms, meanings
