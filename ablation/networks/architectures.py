"""The networks of the paper, built from a resolved arm.

Every network takes raw images (n, size, size) uint8 and gives logits (n, 10) float32. Keras 3
only: TensorFlow, JAX and torch build the same network with the same initial weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras import layers

from ablation.networks import vgg_layers
from ablation.networks.batch_normalization import BatchNormalization
from ablation.networks.config import CnnConfig, InputConfig, VggConfig
from ablation.networks.input_layers import GreyToRGB, ImageNetStandardize, Scale, Threshold
from ablation.training.config import ArmConfig

CLASSES = 10

Weights = Mapping[str, np.ndarray]


class _Seeds:
    """A new seed for each layer that draws, in the order of building."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def next(self) -> int:
        return int(self._rng.integers(2**31 - 1))

    def kernel(self) -> keras.initializers.Initializer:
        return keras.initializers.GlorotUniform(seed=self.next())


def build(arm: ArmConfig, rng: np.random.Generator, weights: Weights | None) -> keras.Model:
    """The arm's network, not yet compiled.

    Args:
        arm: the resolved arm.
        rng: gives every layer's seed (initial kernels, dropout).
        weights: the ImageNet weights of `arm.model.pretrained`, `LAYER/kernel` (h, w, in, out) and
            `LAYER/bias` (out,) float32; needed where the arm asks for them.

    Raises:
        ValueError: the arm asks for ImageNet weights and `weights` is None, or the images are too
            small for the network.
    """
    with _precision(arm.train.precision):
        return _build(arm, _Seeds(rng), weights)


@contextmanager
def _precision(policy: str) -> Iterator[None]:
    """Layers made inside take this precision; Keras's own setting is left as it was."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _build(arm: ArmConfig, seeds: _Seeds, weights: Weights | None) -> keras.Model:
    images = keras.Input((arm.image_size, arm.image_size), dtype="uint8", name="images")
    prepared = _prepare(images, arm.input, rgb=isinstance(arm.model, VggConfig))
    if isinstance(arm.model, CnnConfig):
        features = _cnn(prepared, arm.model, seeds)
    else:
        features = _vgg(prepared, arm.model, seeds)
    logits = layers.Dense(
        CLASSES,
        kernel_initializer=seeds.kernel(),
        kernel_regularizer=_regularizer(arm.model),
        dtype="float32",
        name="logits",
    )(features)
    model = keras.Model(images, logits, name=arm.model.architecture)
    if isinstance(arm.model, VggConfig):
        if arm.model.pretrained:
            _set_imagenet_weights(model, weights)
        freeze(model, arm.model.frozen_layers)
    return model


def _prepare(images: Any, config: InputConfig, rgb: bool) -> Any:
    """The input layers, in the order of figure 3: scaled, thresholded, padded, repeated."""
    x = Scale(name="scaled")(images)
    if config.downscale > 1:
        x = layers.AveragePooling2D(config.downscale, name="downscaled")(x)
    if config.threshold is not None:
        x = Threshold(config.threshold, name="thresholded")(x)
    if config.pad is not None:
        x = _pad(x, config.pad)
    if rgb:
        x = GreyToRGB(name="rgb")(x)
    if config.scaling == "imagenet":
        x = ImageNetStandardize(name="standardized")(x)
    return x


def _pad(x: Any, size: int) -> Any:
    """Zeros around the centred image up to (size, size)."""
    total = size - x.shape[1]
    if total < 0:
        raise ValueError(f"input.pad is {size}, smaller than the image of {x.shape[1]} px")
    before = total // 2
    side = (before, total - before)
    return layers.ZeroPadding2D((side, side), name="padded")(x)


def _cnn(x: Any, config: CnnConfig, seeds: _Seeds) -> Any:
    """Blocks of convolutions, each ended by dropout and pooling, then dense layers (figure 4)."""
    regularizer = _regularizer(config)
    number = 0
    for block, filters_of_block in enumerate(config.blocks):
        entered = x
        for index, filters in enumerate(filters_of_block, start=1):
            number += 1
            x = layers.Conv2D(
                max(1, round(filters * config.width)),
                config.kernel,
                padding="same",
                # A bias before a normalization is taken away again by its mean.
                use_bias=not config.batch_normalization,
                kernel_initializer=seeds.kernel(),
                kernel_regularizer=regularizer,
                name=f"conv_{number}",
            )(x)
            x = _normalize(x, config, f"{number}")
            if config.residual and index == len(filters_of_block):
                x = _add_entered(x, entered, config, seeds, f"{block + 1}")
            x = layers.ReLU(name=f"relu_{number}")(x)
        spatial, plain = (
            rates[block] * config.dropout_factor
            for rates in (config.spatial_dropout, config.dropout)
        )
        if spatial:
            x = layers.SpatialDropout2D(
                spatial,
                seed=seeds.next(),
                name=f"spatial_dropout_{block + 1}",
            )(x)
        if plain:
            x = layers.Dropout(plain, seed=seeds.next(), name=f"dropout_{block + 1}")(x)
        x = layers.MaxPooling2D(2, name=f"pool_{block + 1}")(x)
    x = layers.Flatten(name="flatten")(x)
    for index, units in enumerate(config.dense, start=1):
        x = layers.Dense(
            units,
            use_bias=not config.batch_normalization,
            kernel_initializer=seeds.kernel(),
            kernel_regularizer=regularizer,
            name=f"dense_{index}",
        )(x)
        x = _normalize(x, config, f"dense_{index}")
        x = layers.ReLU(name=f"relu_dense_{index}")(x)
        rate = config.dense_dropout * config.dropout_factor
        if rate:
            x = layers.Dropout(rate, seed=seeds.next(), name=f"dropout_dense_{index}")(x)
    return x


def _normalize(x: Any, config: CnnConfig, suffix: str) -> Any:
    if not config.batch_normalization:
        return x
    return BatchNormalization(
        momentum=config.batch_normalization_momentum, name=f"normalization_{suffix}"
    )(x)


def _add_entered(x: Any, entered: Any, config: CnnConfig, seeds: _Seeds, suffix: str) -> Any:
    """`x` plus what entered the block, brought to as many channels (He et al. 2016, option B)."""
    if entered.shape[-1] != x.shape[-1]:
        entered = layers.Conv2D(
            x.shape[-1],
            1,
            use_bias=not config.batch_normalization,
            kernel_initializer=seeds.kernel(),
            kernel_regularizer=_regularizer(config),
            name=f"projection_{suffix}",
        )(entered)
        entered = _normalize(entered, config, f"projection_{suffix}")
    return layers.Add(name=f"residual_{suffix}")([x, entered])


def _regularizer(config: CnnConfig | VggConfig) -> keras.regularizers.Regularizer | None:
    if isinstance(config, VggConfig) or config.regularizer == "none":
        return None
    kind = keras.regularizers.L1 if config.regularizer == "l1" else keras.regularizers.L2
    return kind(config.regularization)


def _vgg(x: Any, config: VggConfig, seeds: _Seeds) -> Any:
    """A VGG network without its top, named as Keras names it, then the paper's dense layers."""
    if x.shape[1] < 32:
        raise ValueError(
            f"{config.architecture} pools five times and needs images of 32 px, not {x.shape[1]}"
        )
    for block, filters_of_block in enumerate(vgg_layers.BLOCKS[config.architecture], start=1):
        for index, filters in enumerate(filters_of_block, start=1):
            x = layers.Conv2D(
                filters,
                vgg_layers.KERNEL,
                padding="same",
                activation="relu",
                kernel_initializer=seeds.kernel(),
                name=vgg_layers.layer_name(block, index),
            )(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    x = layers.Flatten(name="flatten")(x)
    for index, units in enumerate(config.dense, start=1):
        x = layers.Dense(
            units, activation="relu", kernel_initializer=seeds.kernel(), name=f"dense_{index}"
        )(x)
        if config.dense_dropout:
            x = layers.Dropout(
                config.dense_dropout, seed=seeds.next(), name=f"dropout_dense_{index}"
            )(x)
    return x


def _set_imagenet_weights(model: keras.Model, weights: Weights | None) -> None:
    if weights is None:
        raise ValueError(
            "model.weights is 'imagenet' and no weights were given; run the fetch stage"
        )
    for layer in model.layers:
        if layer.name.startswith("block") and "conv" in layer.name:
            layer.set_weights([weights[f"{layer.name}/kernel"], weights[f"{layer.name}/bias"]])


def freeze(model: keras.Model, count: int) -> None:
    """Freezes the first `count` layers of a VGG network as Keras counts them (section 3.2.1).

    Keras has the input as the first layer, so 5 stand for the input, both convolutions and the
    pooling of block 1, and the first convolution of block 2.
    """
    counted = [layer for layer in model.layers if layer.name.startswith("block")]
    for layer in counted[: max(0, count - 1)]:
        layer.trainable = False
