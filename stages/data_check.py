"""Holds the composed images to what was measured on the competition's, and shows some of them."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ablation.base.arrays import read_npz
from ablation.base.cli import run
from ablation.base.errors import UserError
from ablation.base.files import read_config, replacing, write_json
from ablation.composition.backgrounds import pictures
from ablation.composition.compose import compose
from ablation.composition.config import DataConfig
from ablation.composition.digits import Digits
from ablation.composition.placement import geometry
from ablation.data_check import check
from ablation.data_check.check import EACH, MADE, SAMPLE, Images
from ablation.data_check.config import Measured
from ablation.data_check.tolerance import as_json, complaint
from ablation.reporting.answers import read_composed, read_images, read_labels
from ablation.reporting.figures import contact_sheet
from ablation.reporting.figures.style import save

COMPOSITIONS, SETS, REPORTS = Path("data/compositions"), Path("data/sets"), Path("reports")
SHOWN = 4  # images of a family on the contact sheet
NOTHING = "No image was composed, so there is nothing to judge and no background to show."


def main() -> None:
    measured = read_config(Path("ablation/data_check/measured.yaml"), Measured)
    config = read_config(Path("configs/data.yaml"), DataConfig)
    if config.source != "composed":
        content: dict[str, Any] = {"composed": False, "passed": None, "rows": []}
        _write(content, contact_sheet.without(NOTHING))
        print("data_check: no image was composed, so there is nothing to judge")
        return
    labels = {
        part: read_labels(SETS / part / "modified" / "labels.npy") for part in ("train", "test")
    }
    facts = {
        part: read_composed(
            COMPOSITIONS / f"{part}.npz", len(of), len(config.backgrounds), corners=True
        )
        for part, of in labels.items()
    }
    corners, digits = (
        np.concatenate([part[name] for part in facts.values()])
        for name in ("corners", "digit_labels")
    )
    made = Images(
        origin=MADE,
        tile=config.tile,
        names=config.backgrounds,
        images=read_images(SETS / "train/modified/images.npy", len(labels["train"]), config.canvas),
        families=facts["train"]["families"],
        corners=facts["train"]["corners"],
    )
    reason = check.unlike(config, measured) or check.too_few(made)
    judged = _sample(config, measured) if reason else made

    rows = check.background_rows(judged, measured)
    rows += check.digit_rows(judged, measured)
    rows += check.tile_rows(corners, config.tile, config.canvas)
    rows += check.label_rows(
        labels["train"], np.concatenate(list(labels.values())), digits, measured
    )
    if reason:
        rows += check.background_rows(made, measured, reason)
        rows += check.digit_rows(made, measured, reason)
    wrong = complaint(rows)
    content = {
        "composed": True,
        "passed": not wrong,
        "judged_on": judged.origin,
        "reason": reason,
        "canvas": config.canvas,
        "rows": as_json(rows),
    }
    _write(content, contact_sheet.draw(check.shown(judged, SHOWN)))
    if wrong:
        raise UserError(f"{wrong}; all of them are in {REPORTS}/data_check.json")
    print(f"data_check: {sum(row.passed is True for row in rows)} measures inside their tolerances")


def _sample(config: DataConfig, measured: Measured) -> Images:
    """Images on the study's own pictures, laid out as the measured ones."""
    arrays = read_npz(Path("data/raw/mnist.npz"), ("x_train", "y_train"))
    digits = Digits(arrays["x_train"], arrays["y_train"])
    composed = compose(
        digits,
        EACH * len(config.backgrounds),
        geometry(measured.layout),
        pictures(config.backgrounds, config.background_seed),
        ("sample", config.image_seed),
    )
    return Images(
        origin=SAMPLE,
        tile=measured.layout.tile,
        names=config.backgrounds,
        images=composed.images,
        families=composed.families,
        corners=composed.corners,
    )


def _write(content: dict[str, Any], picture: Figure) -> None:
    write_json(REPORTS / "data_check.json", content)
    target = REPORTS / "figures"
    with replacing(target / "backgrounds.png") as png, replacing(target / "backgrounds.svg") as svg:
        save(picture, png, svg, "Composed images of each background family")


if __name__ == "__main__":
    run("data_check", main)
