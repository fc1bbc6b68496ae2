"""The convolutions of VGG networks: their names and sizes, from which all else follows."""

from __future__ import annotations

# Filters of each convolution, block by block (Simonyan and Zisserman 2014, table 1, D and E).
BLOCKS = {
    "vgg16": ((64, 64), (128, 128), (256,) * 3, (512,) * 3, (512,) * 3),
    "vgg19": ((64, 64), (128, 128), (256,) * 4, (512,) * 4, (512,) * 4),
}
KERNEL = 3  # px, side of every kernel
CHANNELS = 3  # of an image


def layer_name(block: int, layer: int) -> str:
    """The name that Keras gives to a convolution; both numbers count from 1."""
    return f"block{block}_conv{layer}"


def kernel_shapes(architecture: str) -> dict[str, tuple[int, int, int, int]]:
    """The kernel shape (height, width, in, out) of each convolution, in order, by name."""
    shapes = {}
    channels = CHANNELS
    for block, filters_of_block in enumerate(BLOCKS[architecture], start=1):
        for layer, filters in enumerate(filters_of_block, start=1):
            shapes[layer_name(block, layer)] = (KERNEL, KERNEL, channels, filters)
            channels = filters
    return shapes
