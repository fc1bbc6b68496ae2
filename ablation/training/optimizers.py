"""Keras optimizers from a resolved configuration (paper, section 4.1, figure 5)."""

from __future__ import annotations

import keras

from ablation.training.config import OptimizerConfig


def build(config: OptimizerConfig, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer for a run of `steps` steps; its schedule, if any, ends with the run."""
    rate: float | keras.optimizers.schedules.LearningRateSchedule = config.learning_rate
    if config.warmup is not None:  # it falls from its height to 0, as a cosine does
        warmup = round(config.warmup * steps)
        rate = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0 if warmup else config.learning_rate,
            decay_steps=max(1, steps - warmup),
            warmup_target=config.learning_rate if warmup else None,
            warmup_steps=warmup,
        )
    if config.algorithm == "adam":
        return keras.optimizers.Adam(learning_rate=rate)
    return keras.optimizers.SGD(
        learning_rate=rate, momentum=config.momentum, nesterov=config.nesterov
    )
