"""What a run costs to train, from its configuration alone: no framework is imported.

The cost orders the runs (the longest first) and turns the work done into the time left. It counts
the multiply-adds of convolutions and dense layers, which is where networks differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ablation.networks import vgg_layers
from ablation.networks.config import CnnConfig, NetworkConfig, VggConfig

_CLASSES = 10


@dataclass(frozen=True)
class Layer:
    """A convolution or a dense layer: for one image, what it computes and what it leaves.

    Attributes:
        weights: numbers in its kernel.
        places: at how many places of its maps the kernel is applied; 1 for a dense layer.
        outputs: numbers that leave it.
    """

    weights: int
    places: int
    outputs: int


def multiply_adds(arm: NetworkConfig) -> int:
    """Multiply-adds of one image's forward pass."""
    return sum(layer.weights * layer.places for layer in layers(arm))


def layers(arm: NetworkConfig) -> list[Layer]:
    """The convolutions and dense layers of a network, in order."""
    size = arm.input.pad or arm.image_size // arm.input.downscale
    if isinstance(arm.model, VggConfig):
        return list(_vgg(arm.model, size))
    return list(_cnn(arm.model, size))


def _cnn(model: CnnConfig, size: int) -> Iterator[Layer]:
    channels = 1
    *sides, last = model.sides(size)
    if model.stem is not None:
        yield _convolution(sides[0], model.stem.kernel, channels, model.stem.filters)
        channels = model.stem.filters
    for side, block in zip(sides, model.blocks, strict=True):
        for filters in block:
            yield _convolution(side, model.kernel, channels, filters)
            channels = filters
    if model.head == "largest":  # a convolution of 1 px at each place
        yield _convolution(last, 1, channels, _CLASSES)
    else:
        yield from _dense(last**2 * channels, model.dense)


def _vgg(model: VggConfig, size: int) -> Iterator[Layer]:
    channels = vgg_layers.CHANNELS
    for block in vgg_layers.BLOCKS:
        for filters in block:
            yield _convolution(size, vgg_layers.KERNEL, channels, filters)
            channels = filters
        size //= 2
    yield from _dense(size**2 * channels, model.dense)


def _convolution(side: int, kernel: int, channels: int, filters: int) -> Layer:
    return Layer(kernel**2 * channels * filters, side**2, side**2 * filters)


def _dense(units: int, widths: list[int]) -> Iterator[Layer]:
    for width in (*widths, _CLASSES):
        yield Layer(units * width, 1, width)
        units = width
