"""A network, complete: its input layers, its architecture, its precision.

All values are effective ones: what multiplies or switches off another is in `params.yaml` alone. So
two declarations that build the same network are the same configuration.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Annotated, Literal

from pydantic import Field

from ablation.base.section import (
    Blocks,
    Dense,
    Factor,
    Filters,
    Fraction,
    Kernel,
    Section,
    Side,
    Stride,
)


class InputConfig(Section):
    """Which data set an arm sees, and the layers between its raw images and its network."""

    set: Literal["modified", "mnist", "modified_128"]
    downscale: Side
    threshold: Annotated[float, Field(ge=0, le=1)] | None
    pad: Side | None
    scaling: Literal["unit", "imagenet"]


class RegularizerConfig(Section):
    """What the kernel of every layer adds to the loss (paper, section 4.1)."""

    kind: Literal["l1", "l2"]
    factor: Factor


class StemConfig(Section):
    """A convolution before the blocks: it may look at a large image at every `stride`th place."""

    filters: Filters
    kernel: Kernel
    stride: Stride


class CnnConfig(Section):
    """A convolutional network in blocks, each ended by pooling (paper, section 3.1, figure 4).

    Attributes:
        stem: the convolution before the blocks, if any.
        blocks: filters of each convolution, block by block.
        pools: by how much the pooling at the end of each block divides a side; 1 for no pooling.
        normalization_momentum: of the moving statistics; None without batch normalization.
        spatial_dropout, dropout: the rate at the end of each block.
        head: what makes logits of the last maps (`networks.heads`).
        dense: units of each hidden dense layer; none under the head `largest`.
        dense_dropout: the rate after each of them.
    """

    architecture: Literal["cnn"]
    stem: StemConfig | None
    blocks: Blocks
    pools: list[Stride]
    kernel: Kernel
    normalization_momentum: Fraction | None
    spatial_dropout: list[Fraction]
    dropout: list[Fraction]
    head: Literal["dense", "largest"]
    dense: Dense
    dense_dropout: Fraction
    regularizer: RegularizerConfig | None

    def sides(self, size: int) -> Iterator[int]:
        """The side of the maps within each block, then of those that leave the last, in px.

        Args:
            size: of the prepared image.
        """
        if self.stem is not None:
            size = ceil(size / self.stem.stride)
        for pool in self.pools:
            yield size
            size //= pool
        yield size


class VggConfig(Section):
    """VGG-16 under new dense layers (paper, section 3.2.1, figure 4 left).

    Attributes:
        weights: the digest of the ImageNet weights that it starts from; None for random ones. Other
            weights are another configuration, since no run's stage depends on their file.
        frozen_layers: how many layers do not train, as Keras counts them without its top: the
            input, convolutions and poolings.
    """

    architecture: Literal["vgg16"]
    weights: str | None
    frozen_layers: Annotated[int, Field(ge=0, le=19)]
    dense: Dense
    dense_dropout: Fraction


class NetworkConfig(Section):
    """All that a network is built from, beside its seed and its pretrained weights."""

    image_size: Side
    input: InputConfig
    model: Annotated[CnnConfig | VggConfig, Field(discriminator="architecture")]
    precision: Literal["float32", "mixed_bfloat16"]
