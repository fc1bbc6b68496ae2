"""The engine of an arm: batch by batch, or a whole epoch in one compiled call."""

from __future__ import annotations

from ablation.training.config import TrainConfig
from ablation.training.loop import Steps


def engine_of(config: TrainConfig) -> type[Steps]:
    """The engine that an arm names; `compiled` imports JAX."""
    if config.engine == "steps":
        return Steps
    from ablation.training.compiled import Compiled

    return Compiled
