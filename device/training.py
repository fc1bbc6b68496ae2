"""Trains runs of an arm on the device, in the order and with the history of `ablation.training`.

Only the loop over batches differs, which is one compiled call an epoch, of all the runs at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ablation import optimizers
from ablation.batches import order
from ablation.checkpoints import History
from ablation.config.arm import ArmConfig
from ablation.errors import UserError
from ablation.progress import Progress, Report
from ablation.split import measured
from ablation.training import Images, Trained
from device import checkpoints
from device.epochs import DeviceTraining

MEASURED_AT_ONCE = 250  # images; has no influence on the numbers
SAVE_EVERY = 60.0  # seconds: a checkpoint of the paper's CNN is 270 MB


class OutOfTimeError(Exception):
    """The time is up, the runs' checkpoint is written: the same call goes on from there."""


@dataclass(frozen=True)
class Run:
    """A run to train: its name, its seed, the arm's network for that seed and the seed's split."""

    name: str
    seed: int
    model: keras.Model
    data: Images


def train(
    runs: Sequence[Run],
    arm: ArmConfig,
    checkpoint: Path,
    report: Report,
    seconds_left: Callable[[], float],
) -> list[Trained]:
    """Trains each run as `ablation.training.train` does, all from `checkpoint` where there is one.

    Args:
        runs: of `arm`, on the same images.
        checkpoint: a folder, for these runs alone.
        seconds_left: asked before each epoch; training stops where it would not end in time.

    Returns:
        of each run, in the same order; its seconds are those of all, its images a second its own.

    Raises:
        OutOfTimeError: the runs are not finished.
        UserError: fewer training images than one batch.
    """
    config = arm.train
    batch = config.batch_size
    training = [run.data.training[: config.images] for run in runs]
    per_epoch = min(config.images_per_epoch or len(training[0]), len(training[0]))
    steps = per_epoch // batch
    if steps == 0:
        raise UserError(f"{per_epoch} training images an epoch, fewer than a batch of {batch}")
    for run in runs:
        run.model.compile(
            optimizer=optimizers.build(config.optimizer, steps * config.epochs),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )
    models = {run.name: run.model for run in runs}
    histories = checkpoints.restore(checkpoint, models)
    parts = {
        "train": np.stack([measured(chosen, config.measured_images) for chosen in training]),
        "validation": np.stack(
            [measured(run.data.validation, config.measured_images) for run in runs]
        ),
    }
    device = DeviceTraining(list(models.values()), runs[0].data.images, runs[0].data.labels)
    saved, saved_at = len(histories[0]), time.perf_counter()

    def save() -> None:
        device.write_back()
        checkpoints.save(checkpoint, models, histories)

    slowest = 0.0  # a call's first epoch compiles too: an estimate that errs on the safe side
    while len(histories[0]) < config.epochs:
        epoch = len(histories[0])
        if seconds_left() < slowest:
            if epoch > saved:
                save()
            raise OutOfTimeError
        started = time.perf_counter()
        numbers = [
            order(chosen, run.seed, epoch * steps * batch, steps * batch).reshape(steps, batch)
            for run, chosen in zip(runs, training, strict=True)
        ]
        columns: dict[str, Any] = {}
        columns["running_accuracy"], columns["running_loss"] = device.train(np.stack(numbers))
        seconds = time.perf_counter() - started
        for part, chosen in parts.items():
            scores = device.measure(chosen, min(MEASURED_AT_ONCE, chosen.shape[1]))
            columns[f"{part}_accuracy"], columns[f"{part}_loss"] = scores
        total = time.perf_counter() - started
        for number, history in enumerate(histories):
            row = {"epoch": epoch + 1} | {key: float(c[number]) for key, c in columns.items()}
            history.append(row | {"seconds": seconds, "total_seconds": total})
        slowest = max(slowest, total)
        if time.perf_counter() - saved_at > SAVE_EVERY:
            save()
            saved, saved_at = epoch + 1, time.perf_counter()
        for run, history in zip(runs, histories, strict=True):
            report(_progress(run.name, history, config.epochs, steps * batch))
    save()
    # The first epoch of each call compiles; where there are others, they tell the speed.
    times = np.median([row["seconds"] for row in histories[0]])
    return [
        Trained(run.model, history, float(steps * batch / times))
        for run, history in zip(runs, histories, strict=True)
    ]


def _progress(name: str, history: History, epochs: int, images: int) -> Progress:
    last = history[-1]
    return Progress(
        run=name,
        epoch=len(history),
        epochs=epochs,
        share=len(history) / epochs,
        accuracy=last["validation_accuracy"],
        images_per_second=images / last["seconds"],
        seconds_left=last["total_seconds"] * (epochs - len(history)),
        epoch_ended=True,
    )
