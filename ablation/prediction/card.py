"""The model card of the shipped network: what it is, what it is for, and how good."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ablation.prediction.elsewhere import sides
from ablation.training.config import ArmConfig


def card(about: dict[str, Any], arm: ArmConfig) -> str:
    """The card in Markdown.

    Args:
        about: what `make ship` writes into about.json.
        arm: the network's.
    """
    here = Environment(
        loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined,
        trim_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    last = next(each for each in reversed(about["elsewhere"]) if not each["other_pictures"])
    gaps = [
        each["images"] * abs(each["probability"] - each["accuracy"]) for each in last["calibration"]
    ]
    return here.get_template("card.md.j2").render(
        about=about,
        arm=arm,
        sides=sides(arm),
        last=last,
        error=sum(gaps) / last["images"],
        images=arm.train.epochs * arm.train.images_per_epoch,
        minutes=round(about["provenance"]["seconds"] / 60),
        percent="{:.1%}".format,
    )
