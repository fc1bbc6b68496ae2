"""The tables of the page: arms, every metric, every difference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import mean
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ablation.reporting.levels import Level, level
from ablation.reporting.marks import Mark, difference_mark
from ablation.reporting.wording import (
    MINUS,
    POINTS,
    RANGE,
    difference,
    ends,
    listed,
    p_value,
    percent,
    rounded,
    signed,
    signed_points,
)
from ablation.statistics.comparison import pair
from ablation.statistics.config import ClaimsConfig, DifferenceClaim, Metric
from ablation.study.config import StudyConfig

# arm -> metric -> mean over the seeds; what was not measured is absent
Metrics = Mapping[str, Mapping[str, float]]
Row = Mapping[str, Any]

PARTS = {"test": "Test", "validation": "Validation", "train": "Training"}


class Cell(NamedTuple):
    """What stands in a cell, small below it, by what it is sorted, and a mark or None."""

    text: str = ""
    small: str = ""
    key: float = -1e99
    mark: Mark | None = None


class Table(NamedTuple):
    """The heads of the columns in which something stands, and the cells of each row by its key."""

    head: list[str]
    rows: dict[Any, list[Cell]]


class Column(NamedTuple):
    """A column of the table of metrics: its metric, head, meaning, and how it is written."""

    key: str
    head: str
    definition: str
    write: Callable[[float], str]


def _share(value: float) -> str:
    return rounded(value * 100)


def _count(value: float) -> str:
    return f"{value:,.0f}"


COLUMNS = (
    Column("training_accuracy", "Running (%)",
           "Keras's running training accuracy of the last epoch, with dropout on, as the paper "
           "drew it", _share),
    Column("train_accuracy", "Training (%)",
           "accuracy of the trained network on all training images of the run, with dropout off",
           _share),
    Column("validation_accuracy", "Validation (%)",
           "accuracy of the trained network on all validation images; the curves measure a fixed "
           "random part of training and validation images after each epoch", _share),
    Column("test_accuracy", "Test (%)",
           "accuracy on test images, which were used for no choice", _share),
    Column("test_macro_f1", "Test macro-F1",
           "mean over the ten labels of F1, so that a rare label counts like a common one",
           lambda value: f"{value:.3f}"),
    Column("external_accuracy", "External (%)",
           "accuracy on the external test set, with its 95% Wilson interval over the images",
           _share),
    Column("generalization_gap", "Gap (points)",
           "generalization gap: training accuracy minus validation accuracy", signed_points),
    Column("convergence", "Images to level",
           "training images until Keras's running training accuracy first reaches the level in "
           "paper.yaml; missing where a run never does", _count),
    Column("instability", "Spread (points)",
           "scatter of validation accuracy about its rising trend while the learning rate is near "
           "its highest (`steady_rate` in paper.yaml); missing below eight changes",
           lambda value: rounded(value * 100, 2)),
    Column("images_per_second", "Images/s",
           "training images a second, on the machine that trained, beside its other runs", _count),
    Column("minutes", "Minutes",
           "of training and measuring one run, on the machine that trained", rounded),
    Column("parameters", "Parameters",
           "numbers in the network's layers, frozen ones included", _count),
)  # fmt: skip


def with_pace(metrics: Metrics, study: StudyConfig, records: Mapping[str, Row]) -> Metrics:
    """The metrics with each arm's images a second and minutes, mean over the runs.

    Args:
        records: run -> what models/provenance says of it.
    """
    paced = {}
    for arm, values in metrics.items():
        of_arm = [records[f"{arm}-{seed}"] for seed in study.seeds_of(arm)]
        pace = {
            "images_per_second": mean(record["images_per_second"] for record in of_arm),
            "minutes": mean(record["seconds"] for record in of_arm) / 60,
        }
        paced[arm] = {**values, **pace}
    return paced


def arms(
    study: StudyConfig,
    config: ClaimsConfig,
    runs: pd.DataFrame,
    metrics: Metrics,
    comparisons: pd.DataFrame,
) -> Table:
    """A row an arm: accuracies with intervals, differences to the baseline, size and time.

    Args:
        config: the paper's own accuracy stands in its claims.
        runs: runs.csv, a row a run.
        metrics: with the minutes of a run.
        comparisons: comparison.csv; what is compared with the baseline is shown here.
    """
    apart = len(set(study.counts.values())) > 1
    rows = {}
    for arm in study.arms:
        of_arm = runs[runs["arm"] == arm]
        cells = {"n": Cell(str(len(of_arm)) if apart else "", key=len(of_arm))}
        for part, name in PARTS.items():
            cells[name] = _accuracy(
                level(of_arm, part), config.papers.get((arm, f"{part}_accuracy"))
            )
            if part != "train":
                head = f"{name} {MINUS} baseline (points)"
                cells[head] = _points(pair(comparisons, f"{part}_accuracy", arm, study.baseline))
        stuck = int(of_arm["stuck"].sum())
        cells["Stuck"] = Cell(str(stuck) if stuck else "", key=stuck)
        for name, key, write in (("External", "external_accuracy", percent),
                                 ("Parameters", "parameters", _count),
                                 ("Minutes", "minutes", rounded)):  # fmt: skip
            value = metrics[arm].get(key)
            cells[name] = Cell() if value is None else Cell(write(value), key=value)
        rows[arm] = cells
    return _table(rows)


def every_metric(metrics: Metrics) -> Table:
    """A row an arm: what was measured of it, in COLUMNS."""
    rows = {}
    for arm, values in metrics.items():
        cells = {}
        for column in COLUMNS:
            value, small = values.get(column.key), ""
            if column.key == "external_accuracy" and value is not None:
                small = RANGE.join(_share(values[f"external_{end}"]) for end in ("low", "high"))
            cells[column.head] = Cell() if value is None else Cell(column.write(value), small)
        rows[arm] = cells
    return _table(rows)


def differences(config: ClaimsConfig, comparisons: pd.DataFrame, names: Mapping[str, str]) -> Table:
    """A row (metric, question, pair): the shift with its test, and Welch's beside it."""
    rows = {}
    for row in comparisons.to_dict("records"):
        metric = config.metrics[row["metric"]]
        told = f"{names[row['arm']]} {MINUS} {names[row['other']]}"
        rows[metric.label, row["question"], told] = _compared(row, metric)
    return _table(rows)


def seconds(
    config: ClaimsConfig, runs: pd.DataFrame, metrics: Metrics, names: Mapping[str, str]
) -> dict[str, str]:
    """claim -> its arms' median time to a level, where it speaks of images: both are speeds.

    Args:
        metrics: with the images a second of a run.
    """
    found = {}
    for name, claim in config.claims.items():
        if isinstance(claim, DifferenceClaim) and config.metrics[claim.metric].unit == "images":
            times = []
            for arm in claim.arms:
                images = runs.loc[runs["arm"] == arm, claim.metric].median()
                time = images / metrics[arm]["images_per_second"]
                times.append(f"{names[arm]}: {time:,.0f}" if np.isfinite(time) else "")
            if all(times):
                found[name] = f"in seconds of training: {listed(times)}"
    return found


def _table(rows: Mapping[Any, Mapping[str, Cell]]) -> Table:
    """The table without columns that are empty in every row."""
    heads = dict.fromkeys(head for cells in rows.values() for head in cells)
    kept = [head for head in heads if any(cells[head].text for cells in rows.values())]
    return Table(kept, {key: [cells[head] for head in kept] for key, cells in rows.items()})


def _accuracy(found: Level | None, paper: float | None) -> Cell:
    if found is None:
        return Cell()
    median = "" if found.median is None else f"; median {percent(found.median)}"
    theirs = "" if paper is None else f"; paper {percent(paper)}"
    return Cell(percent(found.mean), found.bounds() + median + theirs, found.mean)


def _finite(value: float) -> float | None:
    """None for what a table has as missing or infinite."""
    return float(value) if np.isfinite(value) else None


def _points(row: Row | None) -> Cell:
    if row is None:
        return Cell()
    value, low, high = row["difference"], _finite(row["low"]), _finite(row["high"])
    small = "" if low is None and high is None else " to ".join(ends(low, high, POINTS))
    return Cell(signed_points(value), small, value, difference_mark(value, low, high, "points"))


def _compared(row: Row, metric: Metric) -> dict[str, Cell]:
    value, low, high = (_finite(row[key]) for key in ("difference", "low", "high"))
    paper = "" if pd.isna(row["paper"]) else f"paper {signed(row['paper'], metric)}"
    mark = None if value is None else difference_mark(value, low, high, metric.unit)
    between = ""
    if not pd.isna(row["welch_low"]):
        between = f"[{signed(row['welch_low'], metric)}, {signed(row['welch_high'], metric)}]"
    stuck = 0 if pd.isna(row["stuck"]) else len(str(row["stuck"]).split())
    return {
        "Difference": Cell(difference(value, low, high, metric), paper, mark=mark),
        "n": Cell(f"{row['n']}, {row['n_other']}"),
        "p": Cell(p_value(row["p_holm"]), f"{p_value(row['p'])} uncorrected" * (row["tests"] > 1)),
        "Above": Cell(f"{row['above']} of {row['n']}"),
        "Stuck": Cell(str(stuck) if stuck else ""),
        "Welch": Cell(p_value(row["welch_p"]), between),
        "Found": Cell(row["found"]),
    }
