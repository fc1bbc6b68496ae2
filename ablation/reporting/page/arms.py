"""The table of arms: accuracy with its interval, difference to the baseline, size and time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from ablation.reporting.levels import Level, level
from ablation.reporting.page.marks import Mark, difference_mark
from ablation.reporting.page.metrics_table import Metrics, value_of
from ablation.reporting.wording import (
    FAILED,
    MINUS,
    NOTHING,
    percent,
    rounded,
    signed_points,
)
from ablation.study.config import StudyConfig

PARTS = {"test": "Test", "validation": "Validation", "train": "Training"}


@dataclass(frozen=True)
class Cell:
    """What stands in a column, small below it, and by what it is sorted; with a mark or None."""

    column: str
    text: str
    small: str = ""
    key: float = float("-inf")
    mark: Mark | None = None


@dataclass(frozen=True)
class Arm:
    """A row: the arm and its cells; `baseline` where it is that one; `failed` where it has none."""

    arm: str
    label: str
    baseline: bool
    cells: list[Cell]
    failed: bool = False


def arms(
    study: StudyConfig, runs: pd.DataFrame, metrics: Metrics, comparisons: pd.DataFrame
) -> tuple[list[str], list[Arm]]:
    """(columns, rows), without columns in which nothing stands; n where arms differ in it.

    Arms that failed come last.

    Args:
        study: the arms with their labels, in order.
        runs: runs.csv, a row a run.
        metrics: arm -> metric -> mean over the seeds, with the minutes of a run.
        comparisons: comparison.csv; the rows against the baseline are shown here.
    """
    against = comparisons[comparisons["group"] == "baseline"]
    apart = len(set(study.counts.values())) > 1
    rows_of = {(r["arm"], r["metric"]): r for r in against.to_dict("records")}
    rows = []
    for arm, label in study.arms.items():
        of_arm = runs[runs["arm"] == arm]
        cells = [Cell("n", str(len(of_arm)) if apart else "", key=len(of_arm))]
        for part, name in PARTS.items():
            cells.append(_accuracy(name, level(of_arm, part)))
            if part != "train":
                head = f"{name} {MINUS} baseline (points)"
                cells.append(_difference(head, rows_of.get((arm, f"{part}_accuracy"))))
        for column, key in (("External", "external_accuracy"), ("Parameters", "parameters"),
                            ("Minutes", "minutes")):  # fmt: skip
            value = value_of(metrics, arm, key)
            text = "" if value is None else _SHOWN[column](value)
            cells.append(Cell(column, text, key=float("-inf") if value is None else value))
        rows.append(Arm(arm, label, arm == study.baseline, cells))
    kept = [
        cell.column
        for k, cell in enumerate(rows[0].cells)
        if any(row.cells[k].text for row in rows)
    ]
    whole = [
        Arm(row.arm, row.label, row.baseline, [c for c in row.cells if c.column in kept])
        for row in rows
    ]
    return kept, whole + [_failed(arm, failed.label, kept) for arm, failed in study.failed.items()]


def _failed(arm: str, label: str, columns: list[str]) -> Arm:
    first, *others = columns
    cells = [Cell(first, FAILED), *(Cell(column, NOTHING) for column in others)]
    return Arm(arm, label, False, cells, failed=True)


_SHOWN = {
    "External": percent,
    "Parameters": lambda value: f"{value:,.0f}",
    "Minutes": lambda value: rounded(value),
}


def _accuracy(column: str, found: Level | None) -> Cell:
    if found is None:
        return Cell(column, "")
    return Cell(column, percent(found.mean), found.bounds(), found.mean)


def _difference(column: str, row: Mapping[str, float] | None) -> Cell:
    if row is None:
        return Cell(column, "")
    low, high = (None if pd.isna(row[end]) else row[end] for end in ("low", "high"))
    small = "" if low is None or high is None else f"{signed_points(low)} to {signed_points(high)}"
    mark = difference_mark(row["difference"], low, high, "points")
    return Cell(column, signed_points(row["difference"]), small, row["difference"], mark)
