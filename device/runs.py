"""Runs of an arm from the study's files to the small files that their results are.

They are those of the stages `train` and `evaluate`, beside `device.json`, which says on what they
were made.
"""

from __future__ import annotations

import csv
import platform
import shutil
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np

from ablation import inspection
from ablation.config.arm import ArmConfig
from ablation.files import read_config, replacing, write_json
from ablation.progress import Progress
from ablation.training import Images, network
from device import training
from stages import evaluate

HISTORIES, NETWORKS = Path("models/histories"), Path("models/networks")
CHECKPOINTS = Path(".scratch/device")
FINISHED = "device.json"
LIBRARIES = ("jax", "keras", "numpy")


def finished(key: str) -> bool:
    """Whether the run has been trained and judged: its last file is there."""
    return (HISTORIES / key / FINISHED).exists()


def train_and_judge(
    name: str, seeds: Sequence[int], seconds_left: Callable[[], float], commit: str | None
) -> None:
    """Trains the arm `name` with all `seeds` at once, judges each run and writes its files.

    Raises:
        device.training.OutOfTimeError: they are not finished; their checkpoint is written.
    """
    arm = read_config(Path(f"configs/arms/{name}.yaml"), ArmConfig)
    sets = Path("data/sets") / arm.input.set
    images, labels = np.load(sets / "train_images.npy"), np.load(sets / "train_labels.npy")
    weights = None
    if arm.model.pretrained:
        # May have travelled as float16.
        with np.load(f"data/raw/{arm.model.pretrained}.npz") as arrays:
            weights = {layer: array.astype(np.float32) for layer, array in arrays.items()}
    runs = []
    for seed in seeds:
        with np.load(f"data/split/{seed}.npz") as parts:
            training_images, validation = (
                parts[f"{arm.input.set}_{part}"] for part in ("training", "validation")
            )
        data = Images(images, labels, training_images, validation)
        runs.append(training.Run(f"{name}-{seed}", seed, network(arm, seed, weights), data))

    def report(progress: Progress) -> None:
        print(progress, flush=True)

    # Other runs together are another checkpoint: all of one are at the same epoch.
    checkpoint = CHECKPOINTS / "+".join(run.name for run in runs)
    checkpoint.mkdir(parents=True, exist_ok=True)
    results = training.train(runs, arm, checkpoint, report, seconds_left)
    for run, trained in zip(runs, results, strict=True):
        _write(run.name, trained)
        # The stage itself judges, so that both scales are judged alike.
        sys.argv[1:] = [name, str(run.seed)]
        evaluate.main()
    # Last, and of all runs together: a kill before leaves all of them to the checkpoint.
    for run, trained in zip(runs, results, strict=True):
        write_json(
            HISTORIES / run.name / FINISHED,
            {
                "device": jax.devices()[0].device_kind,
                "libraries": {"python": platform.python_version()}
                | {library: version(library) for library in LIBRARIES},
                "commit": commit,
                "epochs": len(trained.history),
                "trained_together": len(runs),
                "training_seconds": sum(row["total_seconds"] for row in trained.history),
                "configuration": arm.model_dump(mode="json"),
            },
        )
    shutil.rmtree(checkpoint, ignore_errors=True)


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
