"""The tables of the page: arms, every metric, every difference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import mean
from typing import Any, NamedTuple

import pandas as pd

from ablation.reporting.levels import Level, level
from ablation.reporting.marks import Mark, difference_mark
from ablation.reporting.wording import (
    MINUS,
    RANGE,
    difference,
    percent,
    rounded,
    short_names,
    signed,
    signed_points,
    size,
)
from ablation.statistics.config import ClaimsConfig, Metric
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
    Column("epochs_to_95", "Epochs to 95%",
           "first epoch with at least 95% of the run's own best validation accuracy; missing for a "
           "run whose loss is not finite", lambda value: f"{value:.1f}".removesuffix(".0")),
    Column("stability", "Stability (points)",
           "jumps of validation accuracy about its trend, over a sixth of the epochs, at least "
           "three, the last before the learning rate falls: the standard deviation of its changes "
           "over √2; small is stable, missing below three epochs",
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
    study: StudyConfig, runs: pd.DataFrame, metrics: Metrics, comparisons: pd.DataFrame
) -> Table:
    """A row an arm: accuracies with intervals, differences to the baseline, size and time.

    Args:
        runs: runs.csv, a row a run.
        metrics: with the minutes of a run.
        comparisons: comparison.csv; the rows against the baseline are shown here.
    """
    against = comparisons[comparisons["group"] == "baseline"]
    apart = len(set(study.counts.values())) > 1
    row_of = {(row["arm"], row["metric"]): row for row in against.to_dict("records")}
    rows = {}
    for arm in study.arms:
        of_arm = runs[runs["arm"] == arm]
        cells = {"n": Cell(str(len(of_arm)) if apart else "", key=len(of_arm))}
        for part, name in PARTS.items():
            cells[name] = _accuracy(level(of_arm, part))
            if part != "train":
                head = f"{name} {MINUS} baseline (points)"
                cells[head] = _points(row_of.get((arm, f"{part}_accuracy")))
        for name, key, write in (("External", "external_accuracy", percent),
                                 ("Parameters", "parameters", _count),
                                 ("Minutes", "minutes", rounded)):  # fmt: skip
            value = metrics[arm].get(key)
            cells[name] = Cell() if value is None else Cell(write(value), key=value)
        rows[arm] = cells
    return _table(rows)


def every_metric(metrics: Metrics) -> Table:
    """A row an arm: all that was measured of it."""
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


def differences(config: ClaimsConfig, comparisons: pd.DataFrame, study: StudyConfig) -> Table:
    """A row (metric, pair): the difference with its spread and test."""
    names = short_names(list(study.arms), study.arms)
    rows = {}
    for name in (key for key in config.metrics if key in config.statistics.metrics):
        metric = config.metrics[name]
        for row in comparisons[comparisons["metric"] == name].to_dict("records"):
            pair = f"{names[row['arm']]} {MINUS} {names[row['other']]}"
            rows[metric.label, pair] = _compared(row, metric, config.statistics.margin)
    if (comparisons["verdict"] == "no verdict").all():  # the text above the table says it once
        rows = {key: cells | {"Verdict": Cell()} for key, cells in rows.items()}
    return _table(rows)


def _table(rows: Mapping[Any, Mapping[str, Cell]]) -> Table:
    """The table without columns that are empty in every row."""
    heads = dict.fromkeys(head for cells in rows.values() for head in cells)
    kept = [head for head in heads if any(cells[head].text for cells in rows.values())]
    return Table(kept, {key: [cells[head] for head in kept] for key, cells in rows.items()})


def _accuracy(found: Level | None) -> Cell:
    return Cell() if found is None else Cell(percent(found.mean), found.bounds(), found.mean)


def _points(row: Row | None) -> Cell:
    if row is None:
        return Cell()
    low, high = _bounds(row)
    small = "" if low is None else f"{signed_points(row['low'])} to {signed_points(row['high'])}"
    value = row["difference"]
    return Cell(signed_points(value), small, value, difference_mark(value, low, high, "points"))


def _compared(row: Row, metric: Metric, margin: float) -> dict[str, Cell]:
    low, high = _bounds(row)
    verdict = row["verdict"]
    if verdict == "no verdict":
        verdict = f"none possible; {row['tests']} tests take {row['seeds_needed']} seeds"
    better = ""
    if row["seeds"] > 1:
        share, *ends = (row[f"improvement{end}"] for end in ("", "_low", "_high"))
        better = f"{share:.2f} [{ends[0]:.2f}, {ends[1]:.2f}]"
    alone = "" if pd.isna(row["p"]) else f"{_p(row['p'])} alone"
    return {
        "Difference": Cell(
            difference(row["difference"], low, high, metric),
            _spread(row, metric, margin),
            mark=difference_mark(row["difference"], low, high, metric.unit),
        ),
        "n": Cell(str(row["seeds"])),
        "p": Cell(_p(row["p_holm"]), alone),
        "P(better)": Cell(better),
        "Verdict": Cell(verdict),
    }


def _spread(row: Row, metric: Metric, margin: float) -> str:
    """The paper's own, the spread over seeds, that of images alone, and what n seeds can find.

    What an equivalence takes is left out where the interval lies beyond the margin.
    """
    parts = [] if pd.isna(row["paper"]) else [f"paper {signed(row['paper'], metric)}"]
    if not pd.isna(row["sd"]):
        parts.append(f"spread {size(row['sd'], metric)}")
        if not pd.isna(row["sd_images"]):
            parts[-1] += f" (images alone {size(row['sd_images'], metric)})"
        if not pd.isna(row["detectable"]):
            parts.append(f"would find {size(row['detectable'], metric)}")
        near = row["low"] < margin and row["high"] > -margin
        if near and not pd.isna(row["seeds_to_equal"]):
            parts.append(f"equivalence takes {int(row['seeds_to_equal'])} seeds")
    return ", ".join(parts)


def _bounds(row: Row) -> tuple[float, float] | tuple[None, None]:
    return (None, None) if pd.isna(row["low"]) else (row["low"], row["high"])


def _p(value: float) -> str:
    if pd.isna(value):
        return ""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
