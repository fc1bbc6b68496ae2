"""Trains one arm with one seed: `python -m stages.train ARM SEED`."""

import os
import shutil
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablation.cli import run
from ablation.files import read_config
from ablation.monitoring.progress import Notebook, Progress
from ablation.training.config import ArmConfig
from ablation.training.epochs import Images
from ablation.training.framework import limit

RAW = Path("data/raw")
DIGITS = RAW / "mnist.npz"


def main() -> None:
    name, seed = sys.argv[1], int(sys.argv[2])
    key = f"{name}-{seed}"
    config = Path(f"configs/arms/{name}.yaml")
    arm = read_config(config, ArmConfig)
    limit(arm.train.threads)
    # Only now, since a framework reads its number of threads when it is imported.
    from ablation.training import checkpoints, loop, results

    data = read_images(arm, seed, workers=1)
    # DVC empties a stage's outputs before it runs it, so what a run resumes from lies elsewhere.
    scratch = Path(os.environ.get("DVC_ROOT", ".")) / ".scratch"
    files = [config, *_images(arm), _split(seed), *([DIGITS] if arm.layout else [])]
    identity = checkpoints.identity([*files, *_code()], seed)
    checkpoint = scratch / "runs" / key / identity / "state.npz"
    notebook = Notebook(scratch / "progress" / f"{key}.json")

    def report(progress: Progress) -> None:
        notebook.note(progress)
        if progress.epoch_ended:
            print(progress, flush=True)

    if checkpoint.exists():
        print(f"{key}  goes on from {checkpoint}", flush=True)
    network = loop.network(arm, seed, read_weights(arm))
    trained = loop.train(network, arm, seed, data, checkpoint, key, report)
    results.write(trained, Path(f"models/histories/{key}"), Path(f"models/networks/{key}.keras"))
    shutil.rmtree(checkpoint.parent, ignore_errors=True)


def read_images(arm: ArmConfig, seed: int, workers: int) -> Images:
    """The arm's data set with the seed's split; `workers` processes compose fresh images."""
    images, labels = _images(arm)
    with np.load(_split(seed)) as split:
        training, validation = (split[f"{arm.input.set}_{p}"] for p in ("training", "validation"))
    composer = None
    if arm.layout:
        from ablation.composition.digits import Digits
        from ablation.training import fresh

        with np.load(DIGITS) as arrays:
            digits = Digits(arrays["x_train"], arrays["y_train"])
        composer = fresh.composer(arm.layout, digits, seed, workers)
    return Images(np.load(images, mmap_mode="r"), np.load(labels), training, validation, composer)


def read_weights(arm: ArmConfig) -> dict[str, NDArray[np.float32]] | None:
    """The weights that the arm's network starts from, float32; None where it draws its own."""
    if arm.model.pretrained is None:
        return None
    # float16 where they had to travel light
    with np.load(RAW / f"{arm.model.pretrained}.npz") as arrays:
        return {name: array.astype(np.float32) for name, array in arrays.items()}


def _images(arm: ArmConfig) -> tuple[Path, Path]:
    folder = Path("data/sets") / arm.input.set
    return folder / "train_images.npy", folder / "train_labels.npy"


def _split(seed: int) -> Path:
    return Path(f"data/split/{seed}.npz")


def _code() -> list[Path]:
    """The project's modules that training has imported: other code, other checkpoint."""
    files = [
        getattr(m, "__file__", None) for n, m in sys.modules.items() if n.startswith("ablation")
    ]
    return sorted(Path(file) for file in files if file)


if __name__ == "__main__":
    run("train", main)
