"""What a run costs to train, in multiply-adds of its convolutions and dense layers.

The cost orders the runs, the longest first, and gives the time left.
"""

from __future__ import annotations

from collections.abc import Iterator

from ablation.networks import vgg_layers
from ablation.networks.config import CnnConfig, NetworkConfig, VggConfig

CLASSES = 10


def multiply_adds(arm: NetworkConfig) -> int:
    """Multiply-adds of one image's forward pass."""
    size = arm.input.pad or arm.image_size // arm.input.downscale
    layers = _vgg(arm.model, size) if isinstance(arm.model, VggConfig) else _cnn(arm.model, size)
    return sum(layers)


def _cnn(model: CnnConfig, size: int) -> Iterator[int]:
    channels = 1
    *sides, last = model.sides(size)
    if model.stem is not None:
        yield (sides[0] * model.stem.kernel) ** 2 * model.stem.filters
        channels = model.stem.filters
    for side, block in zip(sides, model.blocks, strict=True):
        for filters in block:
            yield (side * model.kernel) ** 2 * channels * filters
            channels = filters
    if model.head == "largest":  # a convolution of 1 px at each place
        yield last**2 * channels * CLASSES
    else:
        yield from _dense(last**2 * channels, model.dense)


def _vgg(model: VggConfig, size: int) -> Iterator[int]:
    channels = vgg_layers.CHANNELS
    for block in vgg_layers.BLOCKS:
        for filters in block:
            yield (size * vgg_layers.KERNEL) ** 2 * channels * filters
            channels = filters
        size //= 2
    yield from _dense(size**2 * channels, model.dense)


def _dense(units: int, widths: list[int]) -> Iterator[int]:
    for width in (*widths, CLASSES):
        yield units * width
        units = width
