"""Every difference between two arms in words (paper, sections 3.1 to 4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from ablation.reporting.claims import few_seeds
from ablation.reporting.config import ForestFigure
from ablation.reporting.figures import read_table
from ablation.reporting.words import (
    cells,
    counted,
    listed,
    paragraph,
    rounded,
    runs_by_arm,
    short_names,
)

COLUMNS = ("arm", "other", "metric", "group", "seeds", "seeds_needed", "tests", "difference", "low",
           "diverged", "paper", "verdict", "label", "unit", "margin")  # fmt: skip
BASELINE = "baseline"  # the group of arms against the baseline


def caption(figure: ForestFigure, labels: Mapping[str, str], folder: Path) -> str:
    """What is drawn, who is told apart from the baseline, and what n allows."""
    table = read_table(folder, COLUMNS)
    seeds = int(table["seeds"].min())
    names = short_names(sorted({*table["arm"], *table["other"]}), labels)
    panels = [table[table["metric"] == metric] for metric in figure.metrics]
    return paragraph(
        [
            _drawn(table, names, seeds),
            *(_found(panel, names) for panel in panels if not panel.empty),
            _paper(table),
            _diverged(table, names),
            few_seeds(table),
        ]
    )


def _drawn(table: pd.DataFrame, names: Mapping[str, str], seeds: int) -> str:
    against = table.loc[table["group"] == BASELINE, "other"]
    first = f"each arm less {names[against.iloc[0]]}" if len(against) else "pairs of arms"
    text = f"Differences of {first}, and of the other pairs that a figure or a claim names"
    if seeds == 1:
        return f"{text}, each of two runs with one seed (n = 1)."
    return (
        f"{text}: means of {counted(seeds, 'seed')}, paired by seed, with 95% paired t intervals."
    )


def _found(panel: pd.DataFrame, names: Mapping[str, str]) -> str:
    """The largest differences to the baseline in one metric, and those that have a verdict."""
    rows = panel[panel["group"] == BASELINE].sort_values("difference")
    if rows.empty:
        return ""
    label, unit = panel.iloc[0]["label"], panel.iloc[0]["unit"]
    ends = [("above", rows.iloc[-1]), ("below", rows.iloc[0])]
    told = [
        f"{names[row['arm']]} stands furthest {side} ({_size(row['difference'], unit)})"
        for side, row in ends
        if (row["difference"] > 0) == (side == "above") and row["difference"] != 0
    ]
    texts = [f"In {label} {listed(told)}."] if told else []
    for verdict in ("better", "worse", "equivalent"):
        arms = [names[arm] for arm in rows.loc[rows["verdict"] == verdict, "arm"]]
        if arms:
            texts.append(f"Found {verdict} in it: {listed(arms)}.")
    if (rows["verdict"] == "inconclusive").all():
        texts.append("No arm is told apart from the baseline in it.")
    return paragraph(texts)


def _size(difference: float, unit: str) -> str:
    size = abs(difference) * (100 if unit == "points" else 1)
    return f"by {rounded(size)} {unit}"


def _paper(table: pd.DataFrame) -> str:
    if table["paper"].isna().all():
        return ""
    return "Diamonds are the paper's own differences, of single runs; they take no part in a test."


def _diverged(table: pd.DataFrame, names: Mapping[str, str]) -> str:
    runs = runs_by_arm(cells(table["diverged"]), names)
    if not runs:
        return ""
    return (
        f"No better than naming the commonest label ended {runs}; they stay in, at the accuracy "
        "they reached."
    )
