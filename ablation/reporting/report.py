"""The report: one page with every number and figure of the study, and how far they carry.

The page holds its own style, needs neither network nor script, and carries no date: the same
results give the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ablation.composition.config import DataConfig
from ablation.reporting.captions.data_check import DataCheck
from ablation.reporting.captions.verdicts import Verdicts
from ablation.reporting.config import FigureConfig
from ablation.reporting.words import (
    RANGE,
    counted,
    listed,
    percent,
    rounded,
    signed_points,
)
from ablation.statistics.run_metrics import on_plateau
from ablation.study.config import StudyConfig

PAPER_SCALE = "paper"
PAPER_CANVAS = 128  # px (paper, section 2)
PAPER_IMAGES = 50_000  # for training and validation (paper, section 2)

Metrics = Mapping[str, Mapping[str, float | None]]


@dataclass(frozen=True)
class Illustration:
    """A figure as the page shows it: `figures/NAME.png` and `.svg` with its caption.

    `table` is the path of its numbers from the page.
    """

    name: str
    figure: FigureConfig
    caption: str
    table: str


@dataclass(frozen=True)
class Column:
    """A column of the table of metrics: which metric, its head, what it means, how it is written.

    `compared` adds the difference to the baseline, in points; `bounds` names the metrics (0..1) of
    an interval to add. An `optional` column is left out where no arm has a value.
    """

    key: str
    head: str
    definition: str
    write: Callable[[float], str]
    compared: bool = False
    bounds: tuple[str, str] | None = None
    optional: bool = False


COLUMNS = (
    Column("train_accuracy", "Training (%)",
           "accuracy of the trained network on all training images of the run, with dropout off",
           lambda value: rounded(value * 100)),
    Column("validation_accuracy", "Validation (%)",
           "accuracy of the trained network on all validation images; the curves measure a fixed "
           "random part of training and validation images after each epoch",
           lambda value: rounded(value * 100), compared=True),
    Column("test_accuracy", "Test (%)",
           "accuracy on test images, which no choice ever saw",
           lambda value: rounded(value * 100), compared=True, optional=True),
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
           "first epoch with at least 95% of the run's own best validation accuracy",
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
        records = [provenance.get(f"{arm}-{seed}", {}) for seed in study.seeds]
        known = [record for record in records if "seconds" in record]
        pace: dict[str, float] = {}
        if known:
            pace["images_per_second"] = mean(record["images_per_second"] for record in known)
            pace["minutes"] = mean(record["seconds"] for record in known) / 60
        paced[arm] = {**metrics[arm], **pace}
    return paced


def render(
    study: StudyConfig,
    data: DataConfig,
    metrics: Metrics,
    illustrations: Sequence[Illustration],
    majority: Mapping[str, float],
    checked: DataCheck | None = None,
    verdicts: Verdicts | None = None,
) -> str:
    """The page, HTML.

    Args:
        study: scale, seeds, baseline and the arms with their labels.
        data: sizes of the data sets.
        metrics: arm -> metric -> mean over the seeds; a metric may be None or absent.
        illustrations: in the order of the page.
        majority: arm -> the accuracy (0..1) of always naming the commonest label of its
            validation images; an arm that is absent is not held against it.
        checked: the composed images against the measurements; None leaves that section out.
        verdicts: comparisons of arms and the paper's claims; None leaves those sections out.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("report.html.j2").render(
        study=study,
        facts=facts(study, data),
        columns=shown(metrics),
        rows=rows(study, metrics),
        notes=notes(study, data, metrics, majority, verdicts.few if verdicts else ""),
        illustrations=illustrations,
        checked=checked,
        verdicts=verdicts,
    )


def facts(study: StudyConfig, data: DataConfig) -> list[tuple[str, str]]:
    """(name, value) of what the study is, for the head of the page."""
    return [
        ("Scale", study.scale),
        ("Arms", str(len(study.arms))),
        ("Seeds", f"{len(study.seeds)} ({', '.join(map(str, study.seeds))})"),
        ("Runs", str(len(study.runs))),
        (
            "Modified MNIST",
            f"{data.images:,} images of {data.canvas} × {data.canvas} px, "  # noqa: RUF001
            f"{data.validation_fraction * 100:g}% of them for validation; "
            + (
                f"{data.test_images:,} test images"
                if data.source == "composed"
                else "the competition's own, its test images without labels"
            ),
        ),
        (
            "Original MNIST",
            f"{data.mnist_images:,} images of {data.tile} × {data.tile} px; "  # noqa: RUF001
            f"{data.mnist_test_images:,} test images",
        ),
    ]


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
        or any(_value(metrics, arm, column.key) is not None for arm in metrics)
    ]


def rows(study: StudyConfig, metrics: Metrics) -> list[Row]:
    """One row an arm, in the order of params.yaml; a dash stands for what was not measured."""
    lines = []
    for arm, label in study.arms.items():
        cells = []
        for column in shown(metrics):
            value = _value(metrics, arm, column.key)
            reference = _value(metrics, study.baseline, column.key)
            # Another data set is another task: a difference to it would compare nothing.
            comparable = (
                column.compared
                and arm != study.baseline
                and study.data_sets[arm] == study.data_sets[study.baseline]
            )
            difference = ""
            if comparable and value is not None and reference is not None:
                difference = signed_points(value - reference)
            if column.bounds is not None and value is not None:
                low, high = (_value(metrics, arm, key) for key in column.bounds)
                if low is not None and high is not None:
                    difference = f"{rounded(low * 100)}{RANGE}{rounded(high * 100)}"
            dash = "–"  # noqa: RUF001
            cells.append((dash if value is None else column.write(value), difference))
        lines.append(Row(arm, label, arm == study.baseline, study.data_sets[arm], cells))
    return lines


def _value(metrics: Metrics, arm: str, key: str) -> float | None:
    value = metrics.get(arm, {}).get(key)
    return None if value is None or math.isnan(value) else value


def notes(
    study: StudyConfig,
    data: DataConfig,
    metrics: Metrics,
    majority: Mapping[str, float],
    few: str = "",
) -> list[str]:
    """What a reader must know before comparing numbers: only what holds for this study.

    `few` says what the number of seeds does not allow.
    """
    seeds = len(study.seeds)
    texts = [
        "Nothing was chosen on the test images: where a best arm is named, validation accuracy "
        "named it.",
    ]
    if few:
        texts.append(f"{few} Differences are printed and not tested.")
    if seeds > 1:
        texts.append(f"Every number of the table is the mean of {counted(seeds, 'seed')}.")
    if data.source == "kaggle":
        texts.append(
            "Modified MNIST is the competition's own here. Its test images have no labels, so "
            "there is no test accuracy on them; submission.csv holds what the best arm says of "
            "them."
        )
    external = {int(count) for arm in metrics if (count := _value(metrics, arm, "external_images"))}
    for count in sorted(external):
        texts.append(
            f"The external test set has {counted(count, 'image')} and was used for nothing but the "
            "accuracy of the networks that take images of its size. Its interval says how well a "
            "trained network was measured"
            + (", the mean over the seeds of each one's, " if seeds > 1 else " ")
            + "and nothing of how another seed would come out."
        )
    if study.scale != PAPER_SCALE:
        texts.append(_not_the_paper(study, data))
    stuck = [
        label
        for arm, label in study.arms.items()
        if arm in majority
        and (value := _value(metrics, arm, "validation_accuracy")) is not None
        and on_plateau(value, _validation_images(study, data, arm), majority[arm])
    ]
    if stuck:
        texts.append(
            f"{len(stuck)} of {counted(len(study.arms), 'arm')} "
            f"{'ends' if len(stuck) == 1 else 'end'} no better, on validation images, than naming "
            f"the commonest label every time: {listed(stuck)}. Such an arm has learnt nothing of "
            "its images, or nothing yet, and its numbers say nothing of how good it can be."
        )
    others = [
        label
        for arm, label in study.arms.items()
        if study.data_sets[arm] != study.data_sets[study.baseline]
    ]
    if others:
        texts.append(
            f"No difference to the baseline is given for {listed(others)}: other images, another "
            "task."
        )
    texts.append("Images a second depend on the machine and on what ran beside.")
    return texts


def _validation_images(study: StudyConfig, data: DataConfig, arm: str) -> int:
    total = data.mnist_images if study.data_sets[arm] == "mnist" else data.images
    return round(data.validation_fraction * total)


def _not_the_paper(study: StudyConfig, data: DataConfig) -> str:
    """What the scale changes of the paper's data."""
    changes = []
    if data.canvas != PAPER_CANVAS:
        changes.append(f"images are {data.canvas} px wide where the paper's are {PAPER_CANVAS}")
    if data.images != PAPER_IMAGES:
        share = percent(data.images / PAPER_IMAGES)
        changes.append(f"there are {data.images:,} of them ({share} of the paper's number)")
    told = f": {listed(changes)}" if changes else ""
    return (
        f"The scale “{study.scale}” is not the paper's {'geometry' if told else 'size'}{told}; "
        "params.yaml says what it makes of images, networks and epochs. Accuracies are not to be "
        "held against the paper's; only the order of the arms can be, as far as the seeds allow."
    )
