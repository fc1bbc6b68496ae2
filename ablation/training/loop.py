"""Training one run: a network, an order of images, a history; interrupted, it goes on.

Keras 3 and NumPy only, so the same loop runs under TensorFlow, JAX and torch. What does an epoch is
an engine: batch by batch on any of them, or compiled whole under JAX.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import keras

from ablation.training import checkpoints, losses, optimizers
from ablation.training.config import ArmConfig
from ablation.training.epochs import Epochs, Images
from ablation.training.moment import Moment, Watch
from ablation.training.steps import Steps

# Bytes a second that checkpoints may take on average, so that they cost neither time nor disk: that
# of the paper's CNN has 270 MB and is written once in a minute of training, a small one each epoch.
CHECKPOINT_RATE = 4.5e6


@dataclass(frozen=True)
class Trained:
    """A trained network with one row of `history` an epoch.

    Attributes:
        images_per_second: of training alone, in the median epoch; the first compiles too.
        seconds: of all epochs with their measuring.
    """

    model: keras.Model
    history: checkpoints.History
    images_per_second: float
    seconds: float


def compile_for(model: keras.Model, arm: ArmConfig, steps: int) -> None:
    """Gives `model` the arm's optimizer, scheduled over `steps`, and a loss on its logits."""
    model.compile(
        optimizer=optimizers.build(arm.train.optimizer, steps, arm.train.average_weights),
        loss=losses.build(arm.train.label_smoothing),
        metrics=["accuracy"],
        jit_compile="auto" if keras.backend.backend() == "jax" else False,
    )


def train(
    model: keras.Model,
    arm: ArmConfig,
    seed: int,
    data: Images,
    checkpoint: Path,
    report: Callable[[Moment], None],
    tell: Callable[[str], None] = print,
) -> Trained:
    """Trains `model` as `arm` says, from `checkpoint` where there is one.

    After each epoch the run is measured in inference mode on fixed training and validation
    images, since the running training accuracy is distorted by dropout and lags by half an epoch.

    Args:
        model: the network of `arm`, built for `seed`.
        data: images with their split; training order depends on `seed` alone.
        checkpoint: read at the start, or set aside where it is damaged; written after the last
            epoch and after others at `CHECKPOINT_RATE`.
        report: told after each step; no result depends on it.
        tell: told in a line where the run goes on from.

    Raises:
        UserError: fewer training images than one batch.
    """
    epochs = Epochs(arm.train, seed, data)
    compile_for(model, arm, epochs.all_steps)
    state = checkpoints.resume(checkpoint, model, tell)
    engine = engine_of(arm)(model, data, arm.train.batch_size)
    due = 0.0  # when the next checkpoint is, on the watch of the loop
    first = len(state.history)
    for number in range(first, arm.train.epochs):
        watch = Watch(
            number, first, epochs.steps, state.history, state.epoch_seconds, arm.train, report
        )
        accuracy, loss = engine.train(epochs.epoch(number), watch.after)
        state.train_seconds.append(watch.seconds)
        row: dict[str, float] = {
            "epoch": number + 1,
            "running_accuracy": accuracy,
            "running_loss": loss,
        }
        with optimizers.averaged(model):
            for part, chosen in epochs.measured.items():
                row[f"{part}_accuracy"], row[f"{part}_loss"] = engine.measure(chosen)
            row["penalty"] = engine.penalty()
        state.history.append(row)
        state.epoch_seconds.append(watch.seconds)
        if number + 1 == arm.train.epochs or time.monotonic() >= due:
            checkpoints.save(checkpoint, model, state)
            due = time.monotonic() + checkpoint.stat().st_size / CHECKPOINT_RATE
        watch.ended(state.train_seconds[-1])
    optimizers.take_average(model)
    speed = epochs.images / median(state.train_seconds)
    return Trained(model, state.history, speed, sum(state.epoch_seconds))


def engine_of(arm: ArmConfig) -> type[Steps]:
    """What does an epoch, as the arm says."""
    if arm.train.engine == "steps":
        return Steps
    from ablation.training.compiled import Compiled  # it imports JAX

    return Compiled
