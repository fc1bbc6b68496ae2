"""Predicts the label of a picture: `python -m runner.predict`, with IMAGE set; `make predict`.

IMAGE is a picture, a folder of them, or an npz with an array `images` (n, side, side) uint8. The
shipped network gives the largest digit present, its probability, and which digits were seen where:
px from the left, from the top.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ablation.base import cli
from ablation.base.errors import UserError
from ablation.base.files import read_config
from ablation.prediction import pictures
from ablation.prediction.elsewhere import sides
from ablation.training import framework
from ablation.training.config import ArmConfig

SHIPPED = Path("models/shipped")


def main() -> None:
    if not os.environ.get("IMAGE"):
        raise UserError("say which picture, as in: make predict IMAGE=docs/digits.png")
    if not (SHIPPED / "arm.yaml").exists():
        raise UserError("no network is shipped; `make ship` keeps one after `make repro`")
    arm = read_config(SHIPPED / "arm.yaml", ArmConfig)
    images = pictures.read(Path(os.environ["IMAGE"]), sides(arm))
    framework.start(arm.train)
    from ablation.networks import architectures
    from ablation.prediction.answers import answers

    width = max(map(len, images))
    for side in sorted({len(image) for image in images.values()}):
        fitting = arm.model_copy(update={"image_size": side})
        model = architectures.load(SHIPPED / "network.keras", fitting, 0)
        alike = {name: image for name, image in images.items() if len(image) == side}
        for name, answer in zip(alike, answers(model, np.stack([*alike.values()])), strict=True):
            print(f"{name:{width}}  {answer}")
    print("the largest digit, its probability, and the digits seen, with their places in px")


if __name__ == "__main__":
    cli.run("predict", main)
