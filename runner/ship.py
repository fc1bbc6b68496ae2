"""Keeps the study's best small network in git: `python -m runner.ship`, which `make ship` calls.

Best is the best validation accuracy of the runs whose network is here and below MOST_BYTES; with
RUN=ARM-SEED it is that one. `make predict` asks it. about.json has its metrics, its provenance, and
its accuracy on images unlike its training images.
"""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablation.base import cli
from ablation.base.arrays import read_npz
from ablation.base.errors import UserError
from ablation.base.files import read_config, read_json, replacing, write_json
from ablation.composition.config import DataConfig, LayoutConfig
from ablation.composition.digits import Digits
from ablation.inputs.own import SIDE as COMPETITION
from ablation.prediction.elsewhere import judge, sides
from ablation.study.config import StudyConfig
from ablation.training import framework
from ablation.training.config import ArmConfig
from runner import reasons
from runner.local import cores

MOST_BYTES = 2_000_000
IMAGES = 10_000  # that it is judged on elsewhere; as many as the competition's test set has
SHIPPED = Path("models/shipped")


def main() -> None:
    study = read_config(Path("configs/study.yaml"), StudyConfig)
    row, network = best(study, os.environ.get("RUN"))
    config = Path(f"configs/arms/{row['arm']}.yaml")
    arm = read_config(config, ArmConfig)
    data = read_config(Path("configs/data.yaml"), DataConfig)
    mnist = read_npz(Path("data/raw/mnist.npz"), ("x_test", "y_test"))
    framework.start(arm.train)
    from ablation.networks import architectures

    def say(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        fitting = arm.model_copy(update={"image_size": images.shape[1]})
        model = architectures.load(network, fitting, 0)
        return model.predict(images, verbose=0).argmax(axis=1).astype(np.uint8)

    layout = LayoutConfig(**{key: getattr(data, key) for key in LayoutConfig.model_fields})
    digits = Digits(mnist["x_test"], mnist["y_test"])
    elsewhere: list[dict[str, Any]] = []
    for side in (arm.image_size, COMPETITION):
        if side in sides(arm) and side not in [judged["side"] for judged in elsewhere]:
            elsewhere += judge(say, layout, digits, side, IMAGES, cores())
    for judged in elsewhere:
        pictures = "other pictures" if judged["other_pictures"] else "the study's pictures"
        print(f"{judged['side']} px, {pictures}: {judged['accuracy']:.2%} of {IMAGES}")
    key = f"{row['arm']}-{row['seed']}"
    about: dict[str, Any] = {
        "run": key,
        "scale": study.scale,
        "bytes": network.stat().st_size,
        "metrics": {name: float(row[name]) for name in row if "accuracy" in name and row[name]},
        "elsewhere": elsewhere,
        "provenance": read_json(reasons.RECORDS / f"{key}.json"),
    }
    for source, name in ((network, "network.keras"), (config, "arm.yaml")):
        with replacing(SHIPPED / name) as temporary:
            shutil.copyfile(source, temporary)
    write_json(SHIPPED / "about.json", about)
    accuracy = about["metrics"]["validation_accuracy"]
    print(f"{key} is in {SHIPPED}: validation accuracy {accuracy:.2%}; commit it to keep it")


def best(study: StudyConfig, asked: str | None) -> tuple[dict[str, str], Path]:
    """The run with the best validation accuracy of those with a small network: its row, its file.

    Args:
        asked: ARM-SEED, the one run to take; None for the best.

    Raises:
        UserError: there is none.
    """
    found = []
    with Path("reports/runs.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            key = f"{row['arm']}-{row['seed']}"
            if study.data_sets.get(row["arm"]) != "modified" or asked not in (None, key):
                continue
            network = reasons.network(key)
            if network and network.stat().st_size < MOST_BYTES:
                found.append((row, network))
    if not found:
        raise UserError(
            f"no network{f' of {asked}' if asked else ''} below {MOST_BYTES / 1e6:.0f} MB is here; "
            "networks stay where runs trained and are not in git. To train a committed run again: "
            "`git rm -r models/runs/RUN models/provenance/RUN.json`, commit, "
            "`dvc repro --force --single-item train@RUN`"
        )
    return max(found, key=lambda each: float(each[0]["validation_accuracy"]))


if __name__ == "__main__":
    cli.run("ship", main)
