"""The report: one page with every number and figure of the study, and how far they carry.

The page holds its own style, needs neither network nor script, and carries no date: the same
results give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ablation.composition.config import DataConfig
from ablation.reporting.captions.data_check import DataCheck
from ablation.reporting.captions.verdicts import Verdicts
from ablation.reporting.config import FigureConfig
from ablation.reporting.metrics_table import Metrics, rows, shown, value_of
from ablation.reporting.words import (
    counted,
    listed,
    percent,
)
from ablation.statistics.run_metrics import on_plateau
from ablation.study.config import StudyConfig

PAPER_SCALE = "paper"
PAPER_CANVAS = 128  # px (paper, section 2)
PAPER_IMAGES = 50_000  # for training and validation (paper, section 2)


@dataclass(frozen=True)
class Illustration:
    """A figure as the page shows it: `figures/NAME.png` and `.svg` with its caption.

    `table` is the path of its numbers from the page.
    """

    name: str
    figure: FigureConfig
    caption: str
    table: str


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
    external = {
        int(count) for arm in metrics if (count := value_of(metrics, arm, "external_images"))
    }
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
        and (value := value_of(metrics, arm, "validation_accuracy")) is not None
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
