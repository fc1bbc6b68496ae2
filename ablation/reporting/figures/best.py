"""The best arm of each group on training, validation and test (paper, section 4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ablation.reporting.config import BestFigure
from ablation.reporting.figures import PARTS
from ablation.reporting.figures.style import (
    PAPERS,
    SINGLE_COLUMN,
    arm_style,
    grid,
    journal,
    legend_below,
)
from ablation.reporting.tables import read_csv
from ablation.reporting.wording import rounded
from ablation.statistics.intervals import level_interval

APART = 0.4  # between the groups of a part, which are 1 apart


@journal
def draw(figure: BestFigure, labels: Mapping[str, str], folder: Path) -> Figure:
    """A dot with a 95% interval for each group and part; with several seeds, each as a small dot.

    Dots, not bars, so that the axis need not start at 0, where differences would not show.
    `folder/data.csv` has the columns group, arm, seed, part, accuracy (0..1), images and chosen.
    """
    table = read_csv(folder / "data.csv")
    table = table[table["chosen"]]
    # A test set without labels has no accuracy.
    parts = [part for part in PARTS if part in set(table["part"])]
    seeds = table.groupby("group")["seed"].nunique()
    picture = Figure(figsize=(SINGLE_COLUMN, 3.2), layout="constrained")
    axes = picture.subplots()
    handles: list[Any] = []
    for index, (group, arms) in enumerate(figure.groups.items()):
        rows, style = table[table["group"] == group], arm_style(index)
        arm = labels[rows["arm"].iloc[0]]
        label = arm if arm.lower().startswith(group.lower()) else f"{group}: {arm}"
        if len(arms) > 1:
            label += f", best of {len(arms)} on validation"
        if seeds.nunique() > 1:
            label += f" (n = {seeds[group]})"
        for place, part in enumerate(parts):
            of_part = rows[rows["part"] == part]
            if of_part.empty:  # its test images have no labels
                continue
            x = place + (index - (len(figure.groups) - 1) / 2) * APART
            mean, (low, high) = of_part["accuracy"].mean() * 100, interval(of_part)
            if theirs := figure.theirs.get(group, {}).get(part):
                axes.plot(x + 0.12, theirs * 100, **PAPERS)
            if len(of_part) > 1:
                axes.scatter([x - 0.08] * len(of_part), of_part["accuracy"] * 100, s=7,
                             color=style["color"], alpha=0.6, linewidth=0)  # fmt: skip
            mark = axes.errorbar(
                x, mean, yerr=[[mean - low * 100], [high * 100 - mean]], linestyle="none",
                **style, markersize=6, capsize=3, elinewidth=1.2, label=label,
            )  # fmt: skip
            # Below, since the paper's own is as a rule above.
            lowest = min(low, of_part["accuracy"].min()) * 100
            axes.annotate(
                rounded(mean), (x, lowest), (0, -4), textcoords="offset points",
                ha="center", va="top",
            )  # fmt: skip
        handles.append(mark)
    if figure.theirs:
        handles.append(Line2D([], [], **PAPERS))
    axes.set_xticks(range(len(parts)), parts)
    axes.set_xlim(-0.8, len(parts) - 0.2)
    axes.margins(y=0.16)
    axes.set_ylim(top=min(axes.get_ylim()[1], 103))
    axes.set_xlabel("Part of the data")
    axes.set_ylabel("Accuracy (%)")
    grid(axes)
    legend_below(picture, handles, columns=1)
    return picture


def interval(rows: pd.DataFrame) -> tuple[float, float]:
    """The 95% interval of an accuracy (0..1), one row a seed.

    One seed: Wilson's over its images, which says how well this network was measured. Several:
    Student's t over the seeds; of test images, which all seeds share, over seeds and images.
    """
    shared = len(rows) == 1 or rows["part"].iloc[0] == "test"
    images = int(rows["images"].iloc[0]) if shared else None
    found = level_interval(rows["accuracy"].to_numpy(np.float64), images)
    assert found is not None
    return max(0.0, found.low), min(1.0, found.high)
