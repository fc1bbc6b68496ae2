"""Keeps the study's best small network in git: `python -m runner.ship`, which `make ship` calls.

Best is the best validation accuracy of the runs whose network is here and below MOST_BYTES; with
RUN=ARM-SEED it is that one; with RUN=shipped the one that is in git is judged again. `make predict`
asks it. network.onnx is the same network for ONNX Runtime. about.json has its metrics, its
provenance, and how good it is on images unlike its training images; README.md, the model card, says
the same to people, with curve.png, drawn from its history.csv.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator
from numpy.typing import NDArray
from scipy.special import softmax

from ablation.base import cli
from ablation.base.arrays import read_npz
from ablation.base.errors import UserError
from ablation.base.files import read_config, read_json, replacing, write_json, write_text
from ablation.composition.config import DataConfig
from ablation.composition.digits import Digits
from ablation.inputs.own import SIDE as COMPETITION
from ablation.prediction.elsewhere import judge, sides
from ablation.reporting.figures.curves import LINES
from ablation.reporting.figures.style import COLOURS, SINGLE_COLUMN, grid, journal, save
from ablation.study.config import StudyConfig
from ablation.training import framework
from ablation.training.config import ArmConfig
from runner import reasons
from runner.local import cores
from runner.verify import accuracies

MOST_BYTES = 8_000_000
IMAGES = 10_000  # that it is judged on elsewhere; as many as the competition's test set has
BATCH = 100  # of these, for ONNX Runtime
SAME = 1e-3  # the furthest that its probabilities may be from Keras's
SHIPPED = Path("models/shipped")


def main() -> None:
    asked = os.environ.get("RUN") or None
    if asked == "shipped":
        about = read_json(SHIPPED / "about.json")
        network, config = SHIPPED / "network.keras", SHIPPED / "arm.yaml"
    else:
        about, network, config = best(asked)
    arm = read_config(config, ArmConfig)
    data = read_config(Path("configs/data.yaml"), DataConfig)
    mnist = read_npz(Path("data/raw/mnist.npz"), ("x_test", "y_test"))
    # Whatever trained it: for ONNX, TensorFlow's export is the one at hand.
    framework.start(arm.train.model_copy(update={"backend": "tensorflow"}))
    from onnxruntime import InferenceSession  # an extra

    from ablation.prediction.answers import Network

    model = Network.load(network, arm)
    digits = Digits(mnist["x_test"], mnist["y_test"])
    elsewhere: list[dict[str, Any]] = []
    apart: list[float] = []
    with replacing(SHIPPED / "network.onnx") as temporary:
        model.export(temporary)
        onnx = InferenceSession(temporary)

        def probabilities(images: NDArray[np.uint8]) -> NDArray[np.float64]:
            ours = model.probabilities(images)
            for start in range(0, len(images), BATCH):
                part = slice(start, start + BATCH)
                (logits,) = onnx.run(["logits"], {"images": images[part]})
                apart.append(np.abs(softmax(logits.astype(np.float64), axis=1) - ours[part]).max())
            return ours

        for side in sorted({arm.image_size, COMPETITION}):
            if side in sides(arm):
                elsewhere += judge(probabilities, data, digits, side, IMAGES, cores())
        if max(apart) > SAME:
            raise UserError(f"network.onnx has probabilities {max(apart):.3f} from Keras's")
    for judged in elsewhere:
        pictures = "other backgrounds" if judged["other_pictures"] else "the study's backgrounds"
        print(f"{judged['side']} px, {pictures}: {judged['accuracy']:.2%} of {IMAGES} images")
    about["elsewhere"] = elsewhere
    about["onnx_apart"] = float(max(apart))
    history = network.parent / "history.csv"
    drawn = curve(pd.read_csv(history), shown(arm))
    save(drawn, SHIPPED / "curve.png", f"Error of {about['run']} over its training images")
    kept = {"network.keras": network, "arm.yaml": config, "history.csv": history}
    for name, source in kept.items():
        with replacing(SHIPPED / name) as temporary:
            shutil.copyfile(source, temporary)
    write_json(SHIPPED / "about.json", about)
    write_text(SHIPPED / "README.md", card(about, arm))
    accuracy = about["metrics"]["validation_accuracy"]
    print(
        f"{about['run']} is in {SHIPPED}: validation accuracy {accuracy:.2%}; commit it to keep it"
    )


def best(asked: str | None) -> tuple[dict[str, Any], Path, Path]:
    """The run with the best validation accuracy of those with a small network.

    Args:
        asked: ARM-SEED, the one run to take; None for the best.

    Returns:
        What is known of it, the file of its network, and its arm's.

    Raises:
        UserError: there is none.
    """
    study = read_config(Path("configs/study.yaml"), StudyConfig)
    found = []
    for arm, seed in study.runs:
        key = f"{arm}-{seed}"
        asks = arm in study.arms_on("modified") and asked in (None, key)
        network = reasons.network(key) if asks else None
        if network and network.stat().st_size < MOST_BYTES:
            found.append((accuracies(Path(), study, arm, seed), key, network, arm))
    if not found:
        raise UserError(
            f"no network{f' of {asked}' if asked else ''} below {MOST_BYTES / 1e6:.0f} MB that "
            "sees the set modified is here; networks stay where runs trained and are not in git. To"
            " retrain a committed run: `git rm -r models/runs/RUN models/provenance/RUN.json`, "
            "commit, `dvc repro --force --single-item train@RUN`, or train_costly@RUN if "
            "the arm is under costly_arms"
        )
    metrics, key, network, arm = max(found, key=lambda each: each[0]["validation_accuracy"])
    about = {
        "run": key,
        "scale": study.scale,
        "bytes": network.stat().st_size,
        "metrics": metrics,
        "provenance": read_json(reasons.RECORDS / f"{key}.json"),
    }
    return about, network, Path(f"configs/arms/{arm}.yaml")


def shown(arm: ArmConfig) -> int:
    """The images of an epoch: what does not fill a batch is not seen."""
    return arm.train.images_per_epoch // arm.train.batch_size * arm.train.batch_size


@journal
def curve(history: pd.DataFrame, images: int) -> Figure:
    """The error over training images, training dashed and validation solid, dropout off.

    Args:
        history: rows of epoch (from 1), metric, value (0..1).
        images: of an epoch.
    """
    picture = Figure(figsize=(SINGLE_COLUMN, 2.4), layout="constrained")
    axes = picture.subplots()
    for colour, (metric, style) in zip(COLOURS, LINES.items(), strict=False):
        rows = history[history["metric"] == metric]
        label = metric.removesuffix("_accuracy").replace("train", "training")
        seen, error = rows["epoch"] * images / 1e6, 100 * (1 - rows["value"])
        axes.plot(seen, error, color=colour, label=label, **style)
    # So that a tenth of a point shows at the end too.
    axes.set(xlabel="Training images (millions)", ylabel="Error (%)", yscale="log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(NullLocator())
    axes.legend()
    grid(axes)
    return picture


def card(about: dict[str, Any], arm: ArmConfig) -> str:
    """The model card in Markdown: what the network is, what it is for, and how good.

    Args:
        about: the content of about.json.
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
        images=arm.train.epochs * shown(arm),
        minutes=round(about["provenance"]["seconds"] / 60),
        percent="{:.1%}".format,
    )


if __name__ == "__main__":
    cli.run("ship", main)
