"""The convolutions of VGG-16: their names and sizes."""

from __future__ import annotations

# Filters of each convolution, block by block (Simonyan and Zisserman 2014, table 1, D).
BLOCKS = ((64, 64), (128, 128), (256,) * 3, (512,) * 3, (512,) * 3)
KERNEL = 3  # px, side of every kernel
CHANNELS = 3  # of an image


def layer_name(block: int, layer: int) -> str:
    """The name that Keras gives to a convolution; both numbers count from 1."""
    return f"block{block}_conv{layer}"
