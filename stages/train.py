"""Trains one arm with one seed: `python -m stages.train ARM SEED`."""

import os
import shutil
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablation.base.cli import run
from ablation.base.files import read_config
from ablation.monitoring import provenance
from ablation.monitoring.progress import Notebook, Progress
from ablation.training import framework
from ablation.training.config import ArmConfig
from ablation.training.epochs import Fresh, Images
from ablation.training.inputs import Inputs, dependencies
from ablation.training.moment import Moment

RAW, TRAIN = Path("data/raw"), Path("data/sets/train")


def main() -> None:
    name, seed = sys.argv[1], int(sys.argv[2])
    key, started = f"{name}-{seed}", time.time()
    inputs = Inputs(dependencies(Path("dvc.yaml"), "train", {"arm": name, "seed": str(seed)}))
    arm = read_config(Path(f"configs/arms/{name}.yaml"), ArmConfig)
    framework.start(arm.train)
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

    if checkpoint.exists():
        print(f"{key}  goes on from {checkpoint}", flush=True)
    network = architectures.build(arm, seed, read_weights(arm))
    trained = loop.train(network, arm, seed, read_images(arm, seed), checkpoint, report)
    histories = Path(f"models/histories/{key}")
    results.write(trained, histories, Path(f"models/networks/{key}.keras"))
    inputs.refuse_change("training")  # last of all: writing a large network takes seconds
    circumstances = provenance.describe(
        arm.train.backend, framework.device(), arm.train.threads, framework.in_force()
    ) | provenance.timed(started, trained.seconds, trained.images_per_second)
    folder = root / "models" / "provenance"
    provenance.write(folder, key, histories / "history.csv", circumstances)
    shutil.rmtree(checkpoint.parent, ignore_errors=True)


def read_images(arm: ArmConfig, seed: int) -> Images:
    """The arm's data set with the seed's split."""
    name = arm.input.set
    with np.load(f"data/split/{seed}.npz") as split:
        training, validation = split[f"{name}_training"], split[f"{name}_validation"]
    images = np.load(TRAIN / name / "images.npy", mmap_mode="r")
    labels = np.load(TRAIN / name / "labels.npy")
    return Images(images, labels, training, validation, _composer(arm, seed))


def read_weights(arm: ArmConfig) -> dict[str, NDArray[np.float32]] | None:
    """The weights that the arm's network starts from, float32; None where it draws its own."""
    if arm.model.pretrained is None:
        return None
    with np.load(RAW / f"{arm.model.pretrained}.npz") as arrays:
        return dict(arrays)


def _composer(arm: ArmConfig, seed: int) -> Fresh | None:
    if arm.fresh is None:
        return None
    from ablation.composition.compose import composer
    from ablation.composition.config import LayoutConfig
    from ablation.composition.digits import Digits

    with np.load(RAW / "mnist.npz") as arrays:
        digits = Digits(arrays["x_train"], arrays["y_train"])
    return composer(LayoutConfig(**arm.fresh.layout), digits, seed, arm.train.threads)


if __name__ == "__main__":
    run("train", main)
