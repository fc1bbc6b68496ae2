"""The best arm of each group on training, validation and test (paper, section 4.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy import stats

from ablation.base.errors import UserError
from ablation.reporting.config import BestFigure
from ablation.reporting.figures import BEST, read_table
from ablation.reporting.figures.style import (
    SINGLE_COLUMN,
    arm_style,
    grid,
    journal,
    legend_below,
    number,
)

COLUMNS = ("group", "arm", "seed", "part", "accuracy", "images", "chosen")
PARTS = ("training", "validation", "test")
APART = 0.3  # between the groups of a part, which are 1 apart


def read(folder: Path) -> pd.DataFrame:
    """group, arm, seed, part, accuracy (0..1), images (int), chosen (bool)."""
    return read_table(folder, COLUMNS, BEST)


@journal()
def draw(figure: BestFigure, labels: Mapping[str, str], table: pd.DataFrame) -> Figure:
    """A dot with a 95% interval for each group and part; with several seeds, each as a small dot.

    Dots, not bars, so that the axis need not start at 0, where differences would not show.

    Raises:
        UserError: a group has not exactly one chosen arm, or lacks a part that another has.
    """
    # A test set without labels has no accuracy.
    parts = [part for part in PARTS if part in set(table["part"])]
    picture = Figure(figsize=(SINGLE_COLUMN, 3.2), layout="constrained")
    axes = picture.subplots()
    handles = []
    found = {group: chosen(table, group, parts) for group in figure.groups}
    seeds = {group: rows["seed"].nunique() for group, (_, rows) in found.items()}
    for index, (group, (arm, rows)) in enumerate(found.items()):
        positions = np.arange(len(parts)) + (index - (len(figure.groups) - 1) / 2) * APART
        accuracies = [rows.loc[rows["part"] == part] for part in parts]
        means = np.array([part["accuracy"].mean() for part in accuracies]) * 100
        bounds = np.array([interval(part) for part in accuracies]).T * 100
        style = arm_style(index)
        for position, part in zip(positions, accuracies, strict=True):
            if len(part) > 1:
                axes.scatter([position - 0.08] * len(part), part["accuracy"] * 100, s=7,
                             color=style["color"], alpha=0.6, linewidth=0)  # fmt: skip
        handles.append(
            axes.errorbar(
                positions,
                means,
                yerr=[means - bounds[0], bounds[1] - means],
                linestyle="none",
                **style,
                markersize=6,
                capsize=3,
                elinewidth=1.2,
                label=_label(group, labels[arm], len(figure.groups[group]))
                + (f" (n = {seeds[group]})" if len(set(seeds.values())) > 1 else ""),
            )
        )
        inner = 0 < index < len(found) - 1
        for position, mean, top in zip(positions, means, bounds[1], strict=True):
            if inner:  # with no room beside it
                axes.annotate(number(mean), (position, top), (0, 3), textcoords="offset points",
                              ha="center", va="bottom")  # fmt: skip
                continue
            left = index == 0 and len(found) > 1  # outwards, past the dots of the seeds
            axes.annotate(number(mean), (position, mean), (-11 if left else 6, 0), va="center",
                          textcoords="offset points", ha="right" if left else "left")  # fmt: skip
    axes.set_xticks(range(len(parts)), parts)
    axes.set_xlim(-0.8, len(parts) - 0.2)
    axes.margins(y=0.12)
    axes.set_ylim(top=min(axes.get_ylim()[1], 103))
    axes.set_xlabel("Part of the data")
    axes.set_ylabel("Accuracy (%)")
    grid(axes)
    legend_below(picture, handles, columns=1)
    return picture


def _label(group: str, arm: str, of: int) -> str:
    """The arm's label after its group's name, unless it begins with that; and of how many it is."""
    text = arm if arm.lower().startswith(group.lower()) else f"{group}: {arm}"
    return f"{text}, best of {of} on validation" if of > 1 else text


def chosen(table: pd.DataFrame, group: str, parts: Sequence[str]) -> tuple[str, pd.DataFrame]:
    """The group's arm with the best validation accuracy, and its rows.

    Raises:
        UserError: not exactly one arm of the group is chosen, or it lacks one of `parts`.
    """
    rows = table[(table["group"] == group) & table["chosen"].astype(bool)]
    arms = sorted(set(rows["arm"]))
    if len(arms) != 1:
        raise UserError(f"the group {group} has {len(arms)} chosen arms ({arms}), not one")
    for part in parts:
        if part not in set(rows["part"]):
            raise UserError(f"the comparison has no accuracy of {arms[0]} on {part} images")
    return arms[0], rows


def interval(rows: pd.DataFrame) -> tuple[float, float]:
    """The 95% interval of an accuracy (0..1), one row a seed.

    One seed: Wilson's over its images, which says how well this network was measured. Several:
    Student's t over the seeds.
    """
    accuracies = rows["accuracy"].to_numpy()
    if len(accuracies) == 1:
        images = int(rows["images"].iloc[0])
        correct = round(float(accuracies[0]) * images)
        bounds = stats.binomtest(correct, images).proportion_ci(method="wilson")
        return float(bounds.low), float(bounds.high)
    mean, error = float(accuracies.mean()), float(stats.sem(accuracies))
    half = error * float(stats.t.ppf(0.975, len(accuracies) - 1))
    return max(0.0, mean - half), min(1.0, mean + half)
