"""The best arms of the groups in words (paper, section 4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from ablation.reporting.config import BestFigure
from ablation.reporting.figures import read_table
from ablation.reporting.words import RANGE, counted, listed, no_verdict, paragraph, percent, points

COLUMNS = ("group", "arm", "seed", "part", "accuracy", "images", "chosen", "tests", "seeds_needed")
PARTS = ("training", "validation", "test")


def caption(figure: BestFigure, labels: Mapping[str, str], folder: Path) -> str:
    """Which arm stands for each group, its accuracies, who leads where, and what the bars say.

    Raises:
        ValueError: a group has not exactly one chosen arm.
    """
    table = read_table(folder, COLUMNS)
    table = table[table["chosen"].astype(bool) & table["group"].isin(list(figure.groups))]
    for group in figure.groups:
        arms = table.loc[table["group"] == group, "arm"].nunique()
        if arms != 1:
            raise ValueError(f"the group {group} has {arms} chosen arms, not one")
    seeds = int(table.groupby("arm")["seed"].nunique().max())
    means = table.groupby(["group", "part"])["accuracy"].mean().unstack()
    # A test set without labels has no accuracy.
    means = means[[part for part in PARTS if part in means.columns]]
    items = []
    for group in figure.groups:
        arm = table.loc[table["group"] == group, "arm"].iloc[0]
        values = ", ".join(f"{part} {percent(means.loc[group, part])}" for part in means.columns)
        items.append(f"{group}: {labels[arm]} ({values})")
    return paragraph(
        [
            "Each group is shown by its arm with the best validation accuracy; the test images had "
            f"no part in the choice. {'; '.join(items)}.",
            _leads(means.loc[list(figure.groups)]),
            _interval(table, seeds),
            no_verdict(seeds, int(table["tests"].max()), int(table["seeds_needed"].max()))
            if len(figure.groups) > 1
            else "",
        ]
    )


def _leads(means: pd.DataFrame) -> str:
    """Which group is highest on each part, by how much over the next (means: groups x parts)."""
    if len(means) == 1:
        return ""
    wins: dict[str, list[str]] = {}
    for part in means.columns:
        order = means[part].sort_values(ascending=False)
        lead = float(order.iloc[0] - order.iloc[1])
        level = points(lead) == points(0)
        winner = " and ".join(order.index[:2]) if level else str(order.index[0])
        wins.setdefault(f"{winner} are level" if level else f"{winner} is highest", []).append(
            part if level else f"{part} (by {points(lead)})"
        )
    return " ".join(f"{winner} on {listed(parts)}." for winner, parts in wins.items())


def _interval(table: pd.DataFrame, seeds: int) -> str:
    if seeds > 1:
        return (
            f"Large marks are means of {counted(seeds, 'seed')}, small ones the seeds; bars are "
            "95% t intervals over the seeds."
        )
    images = [int(n) for n in (table["images"].min(), table["images"].max())]
    number = f"{images[0]:,}" if images[0] == images[1] else f"{images[0]:,}{RANGE}{images[1]:,}"
    return (
        f"Bars are 95% Wilson intervals over the {number} images of a part: they say how well one "
        "trained network was measured and nothing about how another seed would come out."
    )
