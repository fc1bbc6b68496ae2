"""Runs of an arm from the study's files to the small files that their results are.

They are those of the stages `train` and `evaluate`, beside `device.json`, which says on what they
were made.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import jax

from ablation.base.files import read_config, write_json
from ablation.monitoring.progress import Progress
from ablation.training import results
from ablation.training.config import ArmConfig
from ablation.training.loop import network
from device import training
from stages import evaluate
from stages.train import read_images, read_weights

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
    weights = read_weights(arm)
    runs = []
    for seed in seeds:
        data = read_images(arm, seed, workers=os.cpu_count() or 1)
        runs.append(training.Run(f"{name}-{seed}", seed, network(arm, seed, weights), data))

    def report(progress: Progress) -> None:
        print(progress, flush=True)

    # Other runs together are another checkpoint: all of one are at the same epoch.
    checkpoint = CHECKPOINTS / "+".join(run.name for run in runs)
    checkpoint.mkdir(parents=True, exist_ok=True)
    finished = training.train(runs, arm, checkpoint, report, seconds_left)
    for run, trained in zip(runs, finished, strict=True):
        results.write(trained, HISTORIES / run.name, NETWORKS / f"{run.name}.keras")
        # The stage itself judges, so that both scales are judged alike.
        sys.argv[1:] = [name, str(run.seed)]
        evaluate.main()
    # Last, and of all runs together: a kill before leaves all of them to the checkpoint.
    for run, trained in zip(runs, finished, strict=True):
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
