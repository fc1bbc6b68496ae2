"""Every metric of every arm, as a table: its columns, what each means, and a row an arm."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import mean
from typing import Any

from ablation.reporting.wording import FAILED, NOTHING, RANGE, rounded, signed_points
from ablation.study.config import StudyConfig

# arm -> metric -> mean over the seeds; a metric may be None or absent
Metrics = Mapping[str, Mapping[str, float | None]]


@dataclass(frozen=True)
class Column:
    """A column of the table of metrics: which metric, its head, what it means, how it is written.

    `bounds` names the metrics (0..1) of an interval to add. An `optional` column is left out where
    no arm has a value.
    """

    key: str
    head: str
    definition: str
    write: Callable[[float], str]
    bounds: tuple[str, str] | None = None
    optional: bool = False


COLUMNS = (
    Column("train_accuracy", "Training (%)",
           "accuracy of the trained network on all training images of the run, with dropout off",
           lambda value: rounded(value * 100)),
    Column("validation_accuracy", "Validation (%)",
           "accuracy of the trained network on all validation images; the curves measure a fixed "
           "random part of training and validation images after each epoch",
           lambda value: rounded(value * 100)),
    Column("test_accuracy", "Test (%)",
           "accuracy on test images, which no choice ever saw",
           lambda value: rounded(value * 100), optional=True),
    Column("test_macro_f1", "Test macro-F1",
           "mean over the ten labels of F1, so that a rare label counts like a common one",
           lambda value: f"{value:.3f}", optional=True),
    Column("external_accuracy", "External (%)",
           "accuracy on the external test set, with its 95% Wilson interval over the images",
           lambda value: rounded(value * 100), bounds=("external_low", "external_high"),
           optional=True),
    Column("generalization_gap", "Gap (points)",
           "generalization gap: training accuracy minus validation accuracy",
           signed_points),
    Column("epochs_to_95", "Epochs to 95%",
           "first epoch with at least 95% of the run's own best validation accuracy; a dash for a "
           "run that ended in no number",
           lambda value: f"{value:.1f}".removesuffix(".0")),
    Column("stability", "Stability (points)",
           "how far validation accuracy jumps about its trend over a sixth of the epochs, at least "
           "three, the last before the learning rate falls: the standard deviation of its changes "
           "over √2; small is stable, and a dash means fewer than three epochs",
           lambda value: rounded(value * 100, 2)),
    Column("images_per_second", "Images/s",
           "training images a second, on the machine that trained, beside its other runs",
           lambda value: f"{value:,.0f}", optional=True),
    Column("minutes", "Minutes",
           "of training and measuring one run, on the machine that trained",
           lambda value: rounded(value, 1), optional=True),
    Column("parameters", "Parameters",
           "numbers in the network's layers, frozen ones included",
           lambda value: f"{value:,.0f}"),
)  # fmt: skip


def with_pace(metrics: Metrics, study: StudyConfig, provenance: Mapping[str, Any]) -> Metrics:
    """The metrics with each arm's images a second and minutes, mean over the runs that tell.

    Args:
        provenance: run -> its record; one without circumstances tells nothing.
    """
    paced = {}
    for arm in metrics:
        records = [provenance.get(f"{arm}-{seed}", {}) for seed in study.seeds_of(arm)]
        known = [record for record in records if "seconds" in record]
        pace: dict[str, float] = {}
        if known:
            pace["images_per_second"] = mean(record["images_per_second"] for record in known)
            pace["minutes"] = mean(record["seconds"] for record in known) / 60
        paced[arm] = {**metrics[arm], **pace}
    return paced


@dataclass(frozen=True)
class Row:
    """An arm's line of the table: one (value, what stands small below it or "") a column."""

    arm: str
    label: str
    baseline: bool
    data_set: str
    cells: list[tuple[str, str]]


def shown(metrics: Metrics) -> list[Column]:
    """The columns of the table: without the optional ones that no arm has a value for."""
    return [
        column
        for column in COLUMNS
        if not column.optional
        or any(value_of(metrics, arm, column.key) is not None for arm in metrics)
    ]


def rows(study: StudyConfig, metrics: Metrics) -> list[Row]:
    """One row an arm, in the order of params.yaml; a dash stands for what was not measured.

    Arms that failed come last.
    """
    lines = []
    for arm, label in study.arms.items():
        cells = []
        for column in shown(metrics):
            value = value_of(metrics, arm, column.key)
            small = ""
            if column.bounds is not None and value is not None:
                low, high = (value_of(metrics, arm, key) for key in column.bounds)
                if low is not None and high is not None:
                    small = f"{rounded(low * 100)}{RANGE}{rounded(high * 100)}"
            cells.append((NOTHING if value is None else column.write(value), small))
        lines.append(Row(arm, label, arm == study.baseline, study.data_sets[arm], cells))
    for arm, failed in study.failed.items():
        none = [(NOTHING, "")] * (len(shown(metrics)) - 1)
        lines.append(Row(arm, failed.label, False, "", [(FAILED, ""), *none]))
    return lines


def value_of(metrics: Metrics, arm: str, key: str) -> float | None:
    """The arm's metric; None where it has none."""
    value = metrics.get(arm, {}).get(key)
    return None if value is None or math.isnan(value) else value
