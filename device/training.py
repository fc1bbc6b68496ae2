"""Trains runs of an arm on the device, in the order and with the history of the study's own loop.

Only the loop over batches differs, which is one compiled call an epoch, of all the runs at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from ablation.monitoring.progress import Progress, Report
from ablation.training.checkpoints import History
from ablation.training.config import ArmConfig, TrainConfig
from ablation.training.epochs import Epochs, Images
from ablation.training.loop import Trained, compile_for
from device import checkpoints
from device.epochs import DeviceTraining, Pixels

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
    """Trains each run as the study's own loop does, all from `checkpoint` where there is one.

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
    all_epochs = [Epochs(config, run.seed, run.data) for run in runs]
    images_of_one = all_epochs[0].images
    for run, epochs in zip(runs, all_epochs, strict=True):
        compile_for(run.model, arm, epochs.all_steps)
    models = {run.name: run.model for run in runs}
    histories = checkpoints.restore(checkpoint, models)
    parts = {
        part: np.stack([epochs.measured[part] for epochs in all_epochs])
        for part in all_epochs[0].measured
    }
    device = DeviceTraining(list(models.values()), runs[0].data.images, runs[0].data.labels)
    saved, saved_at = len(histories[0]), time.perf_counter()

    def save() -> None:
        device.write_back()
        checkpoints.save(checkpoint, models, histories)

    slowest = 0.0  # a call's first epoch compiles too: an estimate that errs on the safe side
    for epoch, (numbers, fresh) in _ahead(all_epochs, len(histories[0]), config):
        if seconds_left() < slowest:
            if epoch > saved:
                save()
            raise OutOfTimeError
        started = time.perf_counter()
        columns: dict[str, Any] = {}
        columns["running_accuracy"], columns["running_loss"] = device.train(numbers, fresh)
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
            report(_progress(run.name, history, config.epochs, images_of_one))
    save()
    # The first epoch of each call compiles; where there are others, they tell the speed.
    times = np.median([row["seconds"] for row in histories[0]])
    return [
        Trained(run.model, history, float(images_of_one / times))
        for run, history in zip(runs, histories, strict=True)
    ]


Fed = tuple[NDArray[np.int64], Pixels | None]


def _ahead(
    all_epochs: Sequence[Epochs], first: int, config: TrainConfig
) -> Iterator[tuple[int, Fed]]:
    """Each epoch from `first` on with what the device is fed, made while it does the one before."""
    with ThreadPoolExecutor(1) as helper:
        coming = helper.submit(_fed, all_epochs, first, config.batch_size)
        for epoch in range(first, config.epochs):
            now = coming.result()
            if epoch + 1 < config.epochs:
                coming = helper.submit(_fed, all_epochs, epoch + 1, config.batch_size)
            yield epoch, now


def _fed(all_epochs: Sequence[Epochs], number: int, batch: int) -> Fed:
    """An epoch's image numbers (runs, steps, batch); the images, unless they are on the device."""
    epochs = [of_run.epoch(number) for of_run in all_epochs]
    numbers = np.stack([epoch.order.reshape(-1, batch) for epoch in epochs])
    if not all_epochs[0].fresh:
        return numbers, None
    # One pile of all the runs' images, in which each has its own.
    starts = np.cumsum([0, *(len(epoch.images) for epoch in epochs[:-1])])
    images = np.concatenate([epoch.images for epoch in epochs])
    labels = np.concatenate([epoch.labels for epoch in epochs])
    return numbers + starts[:, None, None], (images, labels)


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
