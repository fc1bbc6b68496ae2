"""The convolutions of the paper's network, between prepared images and its head (figure 4)."""

from __future__ import annotations

from typing import Any

from keras import layers

from ablation.networks.batch_normalization import activate
from ablation.networks.config import CnnConfig
from ablation.networks.heads import regularizer
from ablation.networks.random_parts import NamedGlorotUniform, dropout


def features(x: Any, config: CnnConfig, seed: int) -> Any:
    """A stem, if any, then blocks of convolutions, each ended by dropout and pooling.

    Takes (n, height, width, channels) and gives the maps of the last block, both symbolic.
    """
    number = 0
    if config.stem is not None:
        stem = config.stem
        x = _convolution(x, stem.filters, stem.kernel, config, seed, "stem", stem.stride)
        x = activate(x, config.normalization_momentum, "stem")
    for block, filters_of_block in enumerate(config.blocks, start=1):
        for filters in filters_of_block:
            number += 1
            x = _convolution(x, filters, config.kernel, config, seed, f"conv_{number}")
            x = activate(x, config.normalization_momentum, f"{number}")
        x = dropout(x, config.spatial_dropout[block - 1], seed, f"spatial_dropout_{block}")
        x = dropout(x, config.dropout[block - 1], seed, f"dropout_{block}")
        if config.pools[block - 1] > 1:
            x = layers.MaxPooling2D(config.pools[block - 1], name=f"pool_{block}")(x)
    return x


def _convolution(
    x: Any, filters: int, kernel: int, config: CnnConfig, seed: int, name: str, stride: int = 1
) -> Any:
    return layers.Conv2D(
        filters,
        kernel,
        strides=stride,
        padding="same",
        # A bias before a normalization is taken away again by its mean.
        use_bias=config.normalization_momentum is None,
        kernel_initializer=NamedGlorotUniform(seed, name),
        kernel_regularizer=regularizer(config.regularizer),
        name=name,
    )(x)
