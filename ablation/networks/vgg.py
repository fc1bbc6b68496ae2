"""VGG-16 without its top, under the paper's dense layers (section 3.2.1, figure 4 left)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers

from ablation.networks import vgg_layers
from ablation.networks.config import VggConfig
from ablation.networks.random_parts import NamedGlorotUniform, dropout

Weights = Mapping[str, np.ndarray]


def features(x: Any, config: VggConfig, seed: int) -> Any:
    """Convolutions named as Keras names them, then dense layers, each ended by dropout.

    Takes (n, height, width, 3) and gives (n, units), both symbolic.
    """
    for block, filters_of_block in enumerate(vgg_layers.BLOCKS, start=1):
        for index, filters in enumerate(filters_of_block, start=1):
            name = vgg_layers.layer_name(block, index)
            x = layers.Conv2D(
                filters,
                vgg_layers.KERNEL,
                padding="same",
                activation="relu",
                kernel_initializer=NamedGlorotUniform(seed, name),
                name=name,
            )(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    x = layers.Flatten(name="flatten")(x)
    for index, units in enumerate(config.dense, start=1):
        x = layers.Dense(
            units,
            activation="relu",
            kernel_initializer=NamedGlorotUniform(seed, f"dense_{index}"),
            name=f"dense_{index}",
        )(x)
        x = dropout(x, config.dense_dropout, seed, f"dropout_dense_{index}")
    return x


def set_imagenet_weights(model: keras.Model, weights: Weights) -> None:
    """Sets every convolution's kernel and bias."""
    for layer in model.layers:
        if layer.name.startswith("block") and "conv" in layer.name:
            layer.set_weights([weights[f"{layer.name}/kernel"], weights[f"{layer.name}/bias"]])


def freeze(model: keras.Model, count: int) -> None:
    """Freezes the first `count` layers of VGG-16 as Keras counts them (section 3.2.1).

    Keras has the input as the first layer, so 5 stand for the input, both convolutions and the
    pooling of block 1, and the first convolution of block 2.
    """
    counted = [layer for layer in model.layers if layer.name.startswith("block")]
    for layer in counted[: max(0, count - 1)]:
        layer.trainable = False
