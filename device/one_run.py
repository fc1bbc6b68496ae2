"""One run from the study's files to the small files that its results are.

They are those of the stages `train` and `evaluate`, beside `device.json`, which says on what they
were made.
"""

from __future__ import annotations

import csv
import platform
import shutil
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np

from ablation import inspection
from ablation.config.arm import ArmConfig, Vgg16Config
from ablation.files import read_config, replacing, write_json
from ablation.progress import Progress
from ablation.training import Images, network
from device import training
from stages import evaluate

HISTORIES, NETWORKS = Path("models/histories"), Path("models/networks")
CHECKPOINTS = Path(".scratch/device")
LIBRARIES = ("jax", "keras", "numpy")


def finished(key: str) -> bool:
    """Whether the run has been trained and judged: its last file is there."""
    return (HISTORIES / key / "device.json").exists()


def train_and_judge(
    name: str, seed: int, seconds_left: Callable[[], float], commit: str | None
) -> None:
    """Trains the arm `name` with `seed`, judges it and writes its files.

    Raises:
        device.training.OutOfTimeError: it is not finished; its checkpoint is written.
    """
    key = f"{name}-{seed}"
    arm = read_config(Path(f"configs/arms/{name}.yaml"), ArmConfig)
    sets = Path("data/sets") / arm.input.set
    with np.load(f"data/split/{seed}.npz") as parts:
        data = Images(
            np.load(sets / "train_images.npy"),
            np.load(sets / "train_labels.npy"),
            parts[f"{arm.input.set}_training"],
            parts[f"{arm.input.set}_validation"],
        )
    weights = None
    if isinstance(arm.model, Vgg16Config) and arm.model.weights == "imagenet":
        with np.load("data/raw/vgg16.npz") as arrays:  # may have travelled as float16
            weights = {layer: array.astype(np.float32) for layer, array in arrays.items()}

    def report(progress: Progress) -> None:
        print(progress, flush=True)

    checkpoint = CHECKPOINTS / key / "state.npz"
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    trained = training.train(
        network(arm, seed, weights), arm, seed, data, checkpoint, key, report, seconds_left
    )
    _write(key, trained)
    # The stage itself judges, so that both scales are judged alike.
    sys.argv[1:] = [name, str(seed)]
    evaluate.main()
    write_json(
        HISTORIES / key / "device.json",
        {
            "device": jax.devices()[0].device_kind,
            "libraries": {"python": platform.python_version()}
            | {library: version(library) for library in LIBRARIES},
            "commit": commit,
            "epochs": len(trained.history),
            "training_seconds": sum(row["total_seconds"] for row in trained.history),
            "configuration": arm.model_dump(mode="json"),
        },
    )
    shutil.rmtree(checkpoint.parent, ignore_errors=True)


def _write(key: str, trained: training.Trained) -> None:
    """The files that the stage `train` writes."""
    results = HISTORIES / key
    history = [
        {"epoch": row["epoch"], "metric": metric, "value": row[metric]}
        for row in trained.history
        for metric in sorted(row.keys() - {"epoch"})
    ]
    _write_csv(results / "history.csv", history)
    _write_csv(results / "layers.csv", inspection.layers(trained.model))
    write_json(
        results / "run.json",
        {
            "images_per_second": trained.images_per_second,
            "parameters": trained.model.count_params(),
        },
    )
    network: keras.Model = inspection.without_training_state(trained.model)
    with replacing(NETWORKS / f"{key}.keras") as temporary:
        network.save(temporary)


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    # Without pandas, which would have to travel to the device.
    with replacing(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
