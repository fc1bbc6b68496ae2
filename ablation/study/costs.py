"""What a run costs to train, from its configuration alone: no framework is imported.

The cost orders the runs (the longest first) and turns the work done into the time left. It counts
the multiply-adds of convolutions and dense layers, which is where networks differ.
"""

from __future__ import annotations

from ablation.networks import vgg_layers
from ablation.networks.config import CnnConfig, NetworkConfig

_CLASSES = 10


def multiply_adds(arm: NetworkConfig) -> int:
    """Multiply-adds of one image's forward pass."""
    size = arm.input.pad or arm.image_size // arm.input.downscale
    if isinstance(arm.model, CnnConfig):
        channels, kernel, residual = 1, arm.model.kernel, arm.model.residual
        blocks = arm.model.blocks
    else:
        channels, kernel, residual = vgg_layers.CHANNELS, vgg_layers.KERNEL, False
        blocks = [list(block) for block in vgg_layers.BLOCKS[arm.model.architecture]]
    total = 0
    for block in blocks:
        if residual and channels != block[-1]:  # the projection
            total += size * size * channels * block[-1]
        for filters in block:
            total += size * size * kernel * kernel * channels * filters
            channels = filters
        size //= 2
    if isinstance(arm.model, CnnConfig) and arm.model.head != "dense":
        if arm.model.head == "largest":  # a convolution of 1 px at each place
            return total + size * size * channels * _CLASSES
        size = 1
    units = size * size * channels
    for width in (*arm.model.dense, _CLASSES):
        total += units * width
        units = width
    return total
