"""Training one run: a network, an order of images, a history; interrupted, it goes on.

Keras 3 and NumPy only, so the same loop runs under TensorFlow, JAX and torch.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from ablation.monitoring.progress import Progress, Report
from ablation.networks import architectures
from ablation.training import checkpoints, optimizers
from ablation.training.config import ArmConfig
from ablation.training.epochs import Epochs, Images, batches

_NETWORK_STREAM = 0  # keeps the stream of initial weights and dropout apart from the batches'


@dataclass(frozen=True)
class Trained:
    """A trained network with one row of `history` an epoch, and its speed in training alone."""

    model: keras.Model
    history: checkpoints.History
    images_per_second: float


def network(
    arm: ArmConfig, seed: int, weights: Mapping[str, NDArray[np.float32]] | None
) -> keras.Model:
    """The arm's network with the initial weights of `seed` (see `architectures.build`)."""
    rng = np.random.default_rng([_NETWORK_STREAM, seed])
    return architectures.build(arm, rng, weights)


def compile_for(model: keras.Model, arm: ArmConfig, steps: int) -> None:
    """Gives `model` the arm's optimizer, scheduled over `steps`, and a loss on its logits."""
    model.compile(
        optimizer=optimizers.build(arm.train.optimizer, steps),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile="auto" if keras.backend.backend() == "jax" else False,
    )


def train(
    model: keras.Model,
    arm: ArmConfig,
    seed: int,
    data: Images,
    checkpoint: Path,
    name: str,
    report: Report,
) -> Trained:
    """Trains `model` as `arm` says, from `checkpoint` where there is one.

    After each epoch the run is measured in inference mode on fixed training and validation
    images, since the running training accuracy is distorted by dropout and lags by half an epoch.

    Args:
        model: the network of `arm`, built for `seed`.
        data: images with their split; training order depends on `seed` alone.
        checkpoint: written after each epoch, read at the start.
        name: the run's name in reports of progress.
        report: told about progress.

    Raises:
        UserError: fewer training images than one batch.
    """
    batch, count = arm.train.batch_size, arm.train.epochs
    epochs = Epochs(arm.train, seed, data)
    compile_for(model, arm, epochs.all_steps)
    history = checkpoints.restore(checkpoint, model) if checkpoint.exists() else []
    for number in range(len(history), count):
        watch = _Watch(name, number, count, epochs.steps, batch, history, report)
        started = time.perf_counter()
        epoch = epochs.epoch(number)
        running = {"accuracy": 0.0, "loss": 0.0}
        # Not `fit`: when a fit on a generator ends, TensorFlow's data pipeline may take 20 s to
        # close, longer than an epoch takes here.
        pairs = batches(epoch.images, epoch.labels, epoch.order, batch)
        for step, pair in enumerate(pairs, start=1):
            # Each step told by itself: Keras's own mean over steps is the last one's under JAX.
            model.reset_metrics()
            logs = model.train_on_batch(*pair, return_dict=True)
            for key in running:
                running[key] += float(logs[key]) / epochs.steps
            watch.after(step)
        seconds = time.perf_counter() - started
        row = {
            "epoch": number + 1,
            "running_accuracy": running["accuracy"],
            "running_loss": running["loss"],
        }
        for part, chosen in epochs.measured.items():
            images, labels = data.images[chosen], data.labels[chosen]
            scores = model.evaluate(images, labels, batch_size=250, verbose=0, return_dict=True)
            row[f"{part}_accuracy"] = float(scores["accuracy"])
            row[f"{part}_loss"] = float(scores["loss"])
        row["seconds"] = seconds
        row["total_seconds"] = time.perf_counter() - started
        history.append(row)
        checkpoints.save(checkpoint, model, history)
        report(watch.progress(epochs.steps, seconds, epoch_ended=True))
    trained = epochs.images * len(history)
    return Trained(model, history, trained / sum(row["seconds"] for row in history))


class _Watch:
    """Tells `report` how far the epoch has come."""

    def __init__(
        self,
        name: str,
        epoch: int,
        epochs: int,
        steps: int,
        batch: int,
        history: checkpoints.History,
        report: Report,
    ) -> None:
        self._name, self._epoch, self._epochs, self._steps = name, epoch, epochs, steps
        self._batch, self._history, self._report = batch, history, report
        self._started = time.perf_counter()

    def after(self, step: int) -> None:
        if step < self._steps:  # the whole epoch is told once it is measured
            self._report(self.progress(step, time.perf_counter() - self._started))

    def progress(self, steps: int, elapsed: float, epoch_ended: bool = False) -> Progress:
        """The run's state after `steps` steps of this epoch, which took `elapsed` seconds."""
        done = self._epoch + steps / self._steps
        # An epoch is measured too, so a finished one tells the time left better than its steps.
        before = [row["total_seconds"] for row in self._history]
        pace = sum(before) / len(before) if before else elapsed * self._steps / steps
        return Progress(
            run=self._name,
            epoch=self._epoch + 1,
            epochs=self._epochs,
            share=done / self._epochs,
            accuracy=self._history[-1]["validation_accuracy"] if self._history else None,
            images_per_second=steps * self._batch / elapsed,
            seconds_left=pace * (self._epochs - done),
            epoch_ended=epoch_ended,
        )
