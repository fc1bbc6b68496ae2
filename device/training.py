"""Trains one run on the device: the order, the history and the checkpoints of `ablation.training`.

Only the loop over batches differs, which is one compiled call an epoch.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from ablation import checkpoints, optimizers
from ablation.batches import order
from ablation.config.arm import ArmConfig
from ablation.errors import UserError
from ablation.progress import Progress, Report
from ablation.split import measured
from ablation.training import Images, Trained
from device.epochs import DeviceTraining

MEASURED_AT_ONCE = 250  # images; has no influence on the numbers
SAVE_EVERY = 60.0  # seconds: a checkpoint of the paper's CNN is 270 MB


class OutOfTimeError(Exception):
    """The time is up, the run's checkpoint is written: the same call goes on from there."""


def train(
    model: keras.Model,
    arm: ArmConfig,
    seed: int,
    data: Images,
    checkpoint: Path,
    name: str,
    report: Report,
    seconds_left: Callable[[], float],
) -> Trained:
    """Trains `model` as `ablation.training.train` does, from `checkpoint` where there is one.

    Args:
        seconds_left: asked before each epoch; the run stops where it would not end in time.

    Raises:
        OutOfTimeError: the run is not finished.
        UserError: fewer training images than one batch.
    """
    config = arm.train
    batch = config.batch_size
    training = data.training[: config.images]
    per_epoch = min(config.images_per_epoch or len(training), len(training))
    steps = per_epoch // batch
    if steps == 0:
        raise UserError(f"{per_epoch} training images an epoch, fewer than a batch of {batch}")
    model.compile(
        optimizer=optimizers.build(config.optimizer, steps * config.epochs),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    history = checkpoints.restore(checkpoint, model) if checkpoint.exists() else []
    parts = {
        "train": measured(training, config.measured_images),
        "validation": measured(data.validation, config.measured_images),
    }
    device = DeviceTraining(model, data.images, data.labels)
    saved, saved_at = len(history), time.perf_counter()

    def save() -> None:
        device.write_back()
        checkpoints.save(checkpoint, model, history)

    slowest = 0.0  # a call's first epoch compiles too: an estimate that errs on the safe side
    while len(history) < config.epochs:
        if seconds_left() < slowest:
            if len(history) > saved:
                save()
            raise OutOfTimeError(name)
        started = time.perf_counter()
        epoch = len(history)
        numbers = order(training, seed, epoch * steps * batch, steps * batch)
        accuracy, loss = device.train(numbers.reshape(steps, batch))
        seconds = time.perf_counter() - started
        row = {"epoch": epoch + 1, "running_accuracy": accuracy, "running_loss": loss}
        for part, chosen in parts.items():
            scores = device.measure(chosen, min(MEASURED_AT_ONCE, len(chosen)))
            row[f"{part}_accuracy"], row[f"{part}_loss"] = scores
        row["seconds"] = seconds
        row["total_seconds"] = time.perf_counter() - started
        history.append(row)
        slowest = max(slowest, row["total_seconds"])
        if time.perf_counter() - saved_at > SAVE_EVERY:
            save()
            saved, saved_at = len(history), time.perf_counter()
        report(_progress(name, history, config.epochs, steps * batch))
    save()
    # The first epoch of each call compiles; where there are others, they tell the speed.
    times = np.array([row["seconds"] for row in history])
    return Trained(model, history, float(steps * batch / np.median(times)))


def _progress(name: str, history: checkpoints.History, epochs: int, images: int) -> Progress:
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
