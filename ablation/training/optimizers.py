"""Keras optimizers from a resolved configuration (paper, section 4.1, figure 5).

An optimizer may keep a running average of the weights (Polyak and Juditsky 1992), which is then the
network that counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from ablation.training.config import OptimizerConfig


def build(
    config: OptimizerConfig, steps: int, average_weights: float | None = None
) -> keras.optimizers.Optimizer:
    """The optimizer for a run of `steps` steps; its schedule, if any, ends with the run.

    `average_weights` is what the running average keeps of itself at each step; None for no average.
    """
    rate: float | keras.optimizers.schedules.LearningRateSchedule = config.learning_rate
    if config.warmup is not None:  # it falls from its height to 0, as a cosine does
        warmup = round(config.warmup * steps)
        rate = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0 if warmup else config.learning_rate,
            decay_steps=max(1, steps - warmup),
            warmup_target=config.learning_rate if warmup else None,
            warmup_steps=warmup,
        )
    average: dict[str, Any] = {}
    if average_weights is not None:
        average = {"use_ema": True, "ema_momentum": average_weights}
    if config.algorithm == "adam":
        return keras.optimizers.Adam(learning_rate=rate, **average)
    return keras.optimizers.SGD(
        learning_rate=rate, momentum=config.momentum, nesterov=config.nesterov, **average
    )


def take_average(model: keras.Model) -> None:
    """Puts the averaged weights into the model, where its optimizer keeps them."""
    model.optimizer.finalize_variable_values(model.trainable_variables)


@contextmanager
def averaged(model: keras.Model) -> Iterator[None]:
    """Inside, the model has the averaged weights, if any; after it the trained ones, to the bit."""
    if not model.optimizer.use_ema:
        yield
        return
    trained = [keras.ops.convert_to_numpy(v.value).copy() for v in model.trainable_variables]
    take_average(model)
    try:
        yield
    finally:
        for variable, value in zip(model.trainable_variables, trained, strict=True):
            variable.assign(value)
