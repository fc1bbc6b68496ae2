"""The report: one page with every number and figure of the study.

The page contains its style, its pictures and a little script (sorting and filtering), needs no
network, and carries no date: the same results give the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ablation.reporting import captions, wording
from ablation.reporting.config import FigureConfig
from ablation.reporting.page.data import number
from ablation.reporting.page.pictures import embedded_png, embedded_svg
from ablation.statistics.config import Claim

FILTERS = ("counted", "listed", "percent", "rounded", "signed_points")

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
TEMPLATES.filters |= {name: getattr(wording, name) for name in FILTERS} | {"number": number}


@dataclass(frozen=True)
class Illustration:
    """A figure as the page shows it: its declaration, its facts, and the picture as a data URI.

    `image` is "" for what the page shows as a table.
    """

    name: str
    figure: FigureConfig
    facts: captions.Facts
    image: str
    caption: str
    alt: str


def illustration(
    name: str, figure: FigureConfig, labels: captions.Labels, reports: Path
) -> Illustration:
    """A figure with its caption and alternative text, plain text both.

    Args:
        labels: arm -> its name.
        reports: the folder with `tables` and `figures`.
    """
    found = getattr(captions, figure.kind)(figure, labels, reports / "tables" / name)
    module: Any = TEMPLATES.get_template("captions.j2").module
    macros = getattr(module, figure.kind), getattr(module, f"{figure.kind}_alt")
    caption, alt = (" ".join(str(macro(found).unescape()).split()) for macro in macros)
    image = ""
    if figure.kind == "augmentation":  # pixels, which are shorter as such
        image = embedded_png(reports / "figures" / f"{name}.png")
    elif figure.kind != "architectures":  # a table of the page
        image = embedded_svg(reports / "figures" / f"{name}.svg", alt)
    return Illustration(name, figure, found, image, caption, alt)


def figure_of(claim: Claim, illustrations: Sequence[Illustration]) -> str:
    """The figure that a claim is read from, by the place in the paper that both name; or "".

    Of several the first, one that shows the claim's arms before others.
    """
    place = re.sub(r"[,\s]+", " ", claim.section)
    found = []
    for item in illustrations:
        paper = re.sub(r"[,\s]+", " ", item.figure.paper)
        if paper in place or paper == f"section {place.split()[0]}":
            found.append(item)
    arms = {*getattr(claim, "arms", ())}
    found.sort(key=lambda item: not arms.issubset(getattr(item.figure, "arms", ())))
    return found[0].name if found else ""
