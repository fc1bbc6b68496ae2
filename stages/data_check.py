"""Compares the composed images with what was measured on the competition's, and shows some."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ablation.base.arrays import read_npy, read_npz
from ablation.base.cli import run
from ablation.base.errors import UserError
from ablation.base.files import read_config, write_json
from ablation.composition.backgrounds import pictures
from ablation.composition.compose import compose
from ablation.composition.config import DataConfig
from ablation.composition.digits import Digits
from ablation.composition.placement import geometry
from ablation.inputs import data_check
from ablation.inputs.data_check import EACH, LAYOUT, MADE, SAMPLE, Images
from ablation.reporting.figures import contact_sheet
from ablation.reporting.figures.style import save

COMPOSITIONS, SETS, REPORTS = Path("data/compositions"), Path("data/sets"), Path("reports")
SHOWN = 4  # images of a family on the contact sheet
NOTHING = "No image was composed, so there is nothing to judge and no background to show."


def main() -> None:
    config = read_config(Path("configs/data.yaml"), DataConfig)
    if config.source != "composed":
        content: dict[str, Any] = {"composed": False, "passed": None, "rows": []}
        _write(content, contact_sheet.without(NOTHING))
        print("data_check: no image was composed, so there is nothing to judge")
        return
    train, test = (read_npz(COMPOSITIONS / f"{part}.npz") for part in ("train", "test"))
    training, testing = (
        read_npy(SETS / part / "modified/labels.npy") for part in ("train", "test")
    )
    made = Images(
        origin=MADE,
        tile=config.tile,
        names=config.backgrounds,
        images=read_npy(SETS / "train/modified/images.npy", mmap=True),
        families=train["families"],
        corners=train["corners"],
    )
    reason = data_check.not_judged(config, made)
    judged = _sample(config) if reason else made

    rows = data_check.background_rows(judged)
    rows += data_check.digit_rows(judged)
    corners = np.concatenate([train["corners"], test["corners"]])
    rows += data_check.tile_rows(corners, config.tile, config.canvas)
    digits = np.concatenate([train["digit_labels"], test["digit_labels"]])
    rows += data_check.label_rows(training, np.concatenate([training, testing]), digits)
    if reason:
        rows += data_check.background_rows(made, reason)
        rows += data_check.digit_rows(made, reason)
    wrong = data_check.complaint(rows)
    content = {
        "composed": True,
        "passed": not wrong,
        "judged_on": judged.origin,
        "reason": reason,
        "rows": data_check.as_json(rows),
    }
    shown = {
        name: judged.images[judged.families == family][:SHOWN]
        for family, name in enumerate(judged.names)
    }
    _write(content, contact_sheet.draw(shown))
    if wrong:
        raise UserError(f"{wrong}; all of them are in {REPORTS}/data_check.json")
    print(f"data_check: {sum(row.passed is True for row in rows)} measures within tolerance")


def _sample(config: DataConfig) -> Images:
    """Images on the study's own pictures, laid out as the measured ones."""
    arrays = read_npz(Path("data/raw/mnist.npz"), ("x_train", "y_train"))
    composed = compose(
        Digits(arrays["x_train"], arrays["y_train"]),
        EACH * len(config.backgrounds),
        geometry(LAYOUT),
        pictures(config.backgrounds, config.background_seed),
        ("sample", config.image_seed),
    )
    return Images(
        origin=SAMPLE,
        tile=LAYOUT.tile,
        names=config.backgrounds,
        images=composed.images,
        families=composed.families,
        corners=composed.corners,
    )


def _write(content: dict[str, Any], picture: Figure) -> None:
    write_json(REPORTS / "data_check.json", content)
    save(picture, REPORTS / "figures/backgrounds", "Composed images of each background family")


if __name__ == "__main__":
    run("data_check", main)
