"""How much memory a study takes at least, from its configuration alone: to be refused beforehand.

The least, so that nothing is refused that would have worked: of a training step, the weights, their
gradients and what each layer leaves for the way back; of composing, the images.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from ablation.composition.config import DataConfig
from ablation.networks.config import CnnConfig
from ablation.study.checks import ConfigError
from ablation.study.costs import layers
from ablation.training.config import ArmConfig

_FLOAT = 4  # bytes; in mixed precision what layers leave takes half
_GIB = 1 << 30


def step_bytes(arm: ArmConfig, judged: int) -> int:
    """The bytes that a run needs at least, in a step or when it is judged.

    Args:
        judged: images that are judged at once.
    """
    all_layers = layers(arm)
    weights = sum(layer.weights for layer in all_layers)
    left = sum(layer.outputs for layer in all_layers)
    if isinstance(arm.model, CnnConfig) and arm.model.normalization_momentum is not None:
        left += sum(layer.outputs for layer in all_layers if layer.places > 1)
    left *= _FLOAT // (2 if arm.precision == "mixed_bfloat16" else 1)
    step = 2 * _FLOAT * weights + arm.train.batch_size * left
    largest = max(layer.outputs for layer in all_layers)
    return max(step, _FLOAT * weights + judged * largest * _FLOAT)


def image_bytes(data: DataConfig) -> int:
    """The bytes of the larger of the composed data sets, which is composed in memory."""
    return max(data.images, data.test_images) * data.canvas**2


def check_memory(
    data: DataConfig, arms: Mapping[str, ArmConfig], judged: int, available: int
) -> None:
    """Refuses a study that a machine with so many bytes of memory cannot run.

    Raises:
        ConfigError: that; the message names the arm and what to do.
    """
    needs = {f"arm {name} in a step": step_bytes(arm, judged) for name, arm in arms.items()}
    needs["composing the images"] = image_bytes(data)
    what = max(needs, key=needs.__getitem__)
    if needs[what] > available:
        raise ConfigError(
            f"{what} takes at least {needs[what] / _GIB:,.1f} GiB and this machine has "
            f"{available / _GIB:,.1f}; allowed: smaller images, batches or networks, or FORCE=1, "
            "which tries it all the same"
        )


def machine_bytes() -> int:
    """The memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
