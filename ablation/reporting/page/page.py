"""The report: one page with every number and figure of the study, and how far they carry.

The page holds its style, its pictures and a little script (sorting and filtering) in itself, needs
no network, and carries no date: the same results give the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ablation.composition.config import DataConfig
from ablation.reporting import wording
from ablation.reporting.captions import Facts
from ablation.reporting.config import FigureConfig
from ablation.reporting.page.answer import Card
from ablation.reporting.page.arms import Arm
from ablation.reporting.page.checked import DataCheck
from ablation.reporting.page.differences import Differences
from ablation.reporting.page.errors import Errors
from ablation.reporting.page.metrics_table import Column, Row
from ablation.reporting.verdict_table import Line
from ablation.study.config import StudyConfig


@dataclass(frozen=True)
class Illustration:
    """A figure as the page shows it: its declaration, its facts, and the picture as a data URI.

    `image` is "" for what the page shows as a table.
    """

    name: str
    figure: FigureConfig
    facts: Facts
    image: str
    caption: str
    alt: str


@dataclass(frozen=True)
class Content:
    """All that stands on the page.

    Attributes:
        answer, cards, caveats: the head.
        reading, claims: how to read the table of claims, and a line each.
        columns, arms: the table of arms; metrics, rows: every metric of every arm.
        differences: the comparisons; None without any.
        illustrations: in the order of the page.
        lost: (title, text) of the figures that no arm is left for, since theirs failed.
        errors: None where the test images have no labels.
        checked, sheet: the composed images against the measurements, and some as a data URI or "".
        provenance, command: how the page came to be, and what makes it again.
    """

    study: StudyConfig
    data: DataConfig
    answer: list[str]
    cards: list[Card]
    caveats: list[str]
    reading: str
    claims: Sequence[Line]
    columns: list[str]
    arms: list[Arm]
    metrics: list[Column]
    rows: list[Row]
    differences: Differences
    illustrations: Sequence[Illustration]
    lost: list[tuple[str, str]]
    errors: Errors | None
    checked: DataCheck
    sheet: str
    provenance: list[tuple[str, str]]
    command: str


def environment() -> Environment:
    """Jinja over the folder of templates, with what prints numbers and lists in words."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    names = ("capital", "counted", "listed", "percent", "points", "rounded", "signed_points")
    made.globals |= {name: getattr(wording, name) for name in names}
    return made


def render(content: Content) -> str:
    """The page, HTML."""
    forests = [item for item in content.illustrations if item.figure.kind == "forest"]
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            **vars(content),
            forests=forests,
            figures=[item for item in content.illustrations if item not in forests],
            figure_of={line.claim: _figure(line, content.illustrations) for line in content.claims},
            sizes=sizes(content.data),
        )
    )


def caption(figure: FigureConfig, facts: Facts, failed: Sequence[str] = ()) -> tuple[str, str]:
    """(caption, alternative text) of a figure, plain text; both name the arms that `failed`."""
    module: Any = environment().get_template("captions.j2").module
    macros = getattr(module, figure.kind), getattr(module, f"{figure.kind}_alt")
    caption, alt = (" ".join(str(macro(facts).unescape()).split()) for macro in macros)
    missing = f" {wording.failed(failed)}." if failed else ""
    return f"{caption}{missing}", f"{alt}{missing}"


def lost(study: StudyConfig, drawn: Sequence[str]) -> list[tuple[str, str]]:
    """(title, text) of each figure that is not drawn, since all of its arms failed."""
    titles = {
        name: title
        for arm in study.failed.values()
        for name, title in arm.figures.items()
        if name not in drawn
    }
    return [
        (title, f"{wording.failed(study.failed_in(name))}, so there is nothing to draw.")
        for name, title in titles.items()
    ]


def sizes(data: DataConfig) -> list[tuple[str, str]]:
    """(name, value): how many images of which size the data sets have."""
    test = f"{data.test_images:,} for testing"
    if data.source != "composed":
        test = "the competition's own test images, without labels"
    side = f"{data.canvas} by {data.canvas} px"
    return [
        (
            "Modified MNIST",
            f"{data.images:,} images of {side}, {data.validation_fraction * 100:g}% of them for "
            f"validation; {test}",
        ),
        (
            "Original MNIST",
            f"{data.mnist_images:,} images of {data.tile} by {data.tile} px; "
            f"{data.mnist_test_images:,} for testing",
        ),
    ]


def _figure(line: Line, illustrations: Sequence[Illustration]) -> str:
    """The figure that a claim is read from, by the place in the paper that both name; or ""."""
    place = re.sub(r"[,\s]+", " ", line.section)
    for item in illustrations:
        paper = re.sub(r"[,\s]+", " ", item.figure.paper)
        if paper in place or paper == f"section {place.split()[0]}":
            return item.name
    return ""
