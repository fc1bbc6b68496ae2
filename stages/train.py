"""Trains one arm with one seed.

Interrupted, it goes on from its last checkpoint when it is run again.
"""

import os
import shutil
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablation.base import cli
from ablation.base.arrays import read_labelled, read_npz, read_split
from ablation.base.errors import UserError
from ablation.base.files import read_config
from ablation.monitoring import provenance
from ablation.monitoring.progress import Notebook, Progress
from ablation.training import framework
from ablation.training.config import ArmConfig
from ablation.training.epochs import Fresh, Images
from ablation.training.inputs import Inputs, dependencies
from ablation.training.moment import Moment

RAW, TRAIN = Path("data/raw"), Path("data/sets/train")


def main(arm: str, seed: int) -> None:
    key, started = f"{arm}-{seed}", time.time()
    inputs = Inputs(dependencies(Path("dvc.yaml"), "train", {"arm": arm, "seed": str(seed)}))
    config = read_config(Path(f"configs/arms/{arm}.yaml"), ArmConfig)
    framework.start(config.train)
    # Only now, since these import Keras.
    from ablation.networks import architectures
    from ablation.training import loop, results

    # DVC empties a stage's outputs before it runs it, so what a run resumes from lies elsewhere.
    root = Path(os.environ.get("DVC_ROOT", "."))
    identity = f"{inputs.digest}-{framework.versions()}"
    checkpoint = root / ".scratch" / "runs" / key / identity / "state.npz"
    notebook = Notebook(root / ".scratch" / "progress" / f"{key}.json")

    def report(moment: Moment) -> None:
        progress = Progress.of(key, moment)
        notebook.note(progress)
        if progress.epoch_ended:
            print(progress, flush=True)

    def tell(text: str) -> None:
        print(f"{key}  {text}", flush=True)

    images = read_images(config, seed)
    network = architectures.build(config, seed, read_weights(config))
    trained = loop.train(network, config, seed, images, checkpoint, report, tell)
    histories = Path(f"models/histories/{key}")
    results.write(trained, histories, Path(f"models/networks/{key}.keras"))
    inputs.refuse_change("training")  # last of all: writing a large network takes seconds
    circumstances = provenance.describe(
        config.train.backend, framework.device(), config.train.threads, framework.in_force()
    ) | provenance.timed(started, trained.seconds, trained.images_per_second)
    folder = root / "models" / "provenance"
    provenance.write(folder, key, histories / "history.csv", circumstances)
    shutil.rmtree(checkpoint.parent, ignore_errors=True)


def read_images(arm: ArmConfig, seed: int) -> Images:
    """The arm's data set with the seed's split."""
    name = arm.input.set
    images, labels = read_labelled(TRAIN / name)
    if labels is None:
        raise UserError(f"{TRAIN / name} has no labels.npy; run `dvc repro preprocess`")
    training, validation = read_split(Path(f"data/split/{seed}.npz"), name)
    return Images(images, labels, training, validation, _composer(arm, seed))


def read_weights(arm: ArmConfig) -> dict[str, NDArray[np.float32]] | None:
    """The weights that the arm's network starts from, float32; None where it draws its own."""
    if arm.model.pretrained is None:
        return None
    return read_npz(RAW / f"{arm.model.pretrained}.npz")


def _composer(arm: ArmConfig, seed: int) -> Fresh | None:
    if arm.fresh is None:
        return None
    from ablation.composition.compose import composer
    from ablation.composition.config import LayoutConfig
    from ablation.composition.digits import Digits

    mnist = read_npz(RAW / "mnist.npz", ("x_train", "y_train"))
    digits = Digits(mnist["x_train"], mnist["y_train"])
    return composer(LayoutConfig(**arm.fresh.layout), digits, seed, arm.train.threads)


if __name__ == "__main__":
    cli.run("train", main, arm=str, seed=cli.seed)
