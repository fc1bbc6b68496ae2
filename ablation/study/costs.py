"""What a run costs to train, from its configuration alone: no framework is imported.

The cost orders the runs (the longest first) and turns the work done into the time left. It counts
the multiply-adds of convolutions and dense layers, which is where networks differ.
"""

from __future__ import annotations

from ablation.networks import vgg_layers
from ablation.networks.config import CnnConfig, NetworkConfig, VggConfig

_CLASSES = 10


def multiply_adds(arm: NetworkConfig) -> int:
    """Multiply-adds of one image's forward pass."""
    size = arm.input.pad or arm.image_size // arm.input.downscale
    if isinstance(arm.model, VggConfig):
        return _vgg(arm.model, size)
    return _cnn(arm.model, size)


def _cnn(model: CnnConfig, size: int) -> int:
    total, channels = 0, 1
    *sides, last = model.sides(size)
    if model.stem is not None:
        total += sides[0] ** 2 * model.stem.kernel**2 * model.stem.filters
        channels = model.stem.filters
    for side, block in zip(sides, model.blocks, strict=True):
        if model.residual != "none" and channels != block[-1]:  # the projection
            total += side**2 * channels * block[-1]
        for filters in block:
            total += side**2 * model.kernel**2 * channels * filters
            channels = filters
    if model.head == "largest":  # a convolution of 1 px at each place
        return total + last**2 * channels * _CLASSES
    units = channels if model.head == "average" else last**2 * channels
    return total + _dense(units, model.dense)


def _vgg(model: VggConfig, size: int) -> int:
    total, channels = 0, vgg_layers.CHANNELS
    for block in vgg_layers.BLOCKS[model.architecture]:
        for filters in block:
            total += size**2 * vgg_layers.KERNEL**2 * channels * filters
            channels = filters
        size //= 2
    return total + _dense(size**2 * channels, model.dense)


def _dense(units: int, widths: list[int]) -> int:
    total = 0
    for width in (*widths, _CLASSES):
        total += units * width
        units = width
    return total
