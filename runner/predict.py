"""Says what the shipped network sees in a picture: `python -m runner.predict IMAGE`.

`make predict IMAGE=docs/digits.png` calls it. IMAGE is a PNG, a folder of them, or an npz with an
array `images` (n, side, side) uint8.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from ablation.base.errors import UserError
from ablation.base.files import read_config
from ablation.prediction import pictures
from ablation.prediction.sizes import sides
from ablation.training import framework
from ablation.training.config import ArmConfig

SHIPPED = Path("models/shipped")


def main() -> None:
    if len(sys.argv) != 2 or not sys.argv[1]:
        raise UserError("say which picture, as in: make predict IMAGE=docs/digits.png")
    arm = read_config(SHIPPED / "arm.yaml", ArmConfig)
    images, refused = pictures.read(Path(sys.argv[1]), sides(arm))
    if images:
        _answer(images, arm)
    if refused:
        raise UserError("\npredict: ".join(map(str, refused)))


def _answer(images: pictures.Images, arm: ArmConfig) -> None:
    """Prints what the network sees in each picture."""
    framework.start(arm.train)
    from ablation.networks import architectures
    from ablation.prediction.answers import Answer, answers

    def told(answer: Answer) -> str:
        line = f"{answer.digit}  {answer.probability:6.1%}"
        places = [
            f"{s.digit} ({s.probability:.0%}) at {s.left:.0f}, {s.top:.0f}"
            for s in answer.seen or []
        ]
        return line + (f"  saw {', '.join(places)}" if places else "")

    width = max(len(name) for name in images)
    for side in sorted({len(image) for image in images.values()}):
        fitting = arm.model_copy(update={"image_size": side})
        model = architectures.load(SHIPPED / "network.keras", fitting, 0)
        alike = {name: image for name, image in images.items() if len(image) == side}
        for name, answer in zip(alike, answers(model, np.stack([*alike.values()])), strict=True):
            print(f"{name:{width}}  {told(answer)}")
    print(
        "The largest digit present, its probability, and what was seen where: px from the left, "
        "from the top."
    )


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"predict: {error}")
    except FileNotFoundError as error:
        sys.exit(f"predict: {error.filename} is missing; `make ship` makes it after `make repro`")
