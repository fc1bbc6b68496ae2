"""The networks of the study, from raw images to logits.

Every network takes raw images (n, size, size) uint8 and gives logits (n, 10) float32. Keras 3 and
NumPy only: TensorFlow and JAX build the same network with the same initial weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
from keras import layers

from ablation.base.files import reading
from ablation.networks import cnn, heads, vgg
from ablation.networks.config import CnnConfig, InputConfig, NetworkConfig, VggConfig
from ablation.networks.input_layers import GreyToRGB, ImageNetStandardize, Scale, Threshold


def build(config: NetworkConfig, seed: int, weights: vgg.Weights | None) -> keras.Model:
    """The network, not yet compiled.

    Args:
        config: of an arm, resolved.
        seed: the run's, of initial kernels and dropout.
        weights: the ImageNet weights of VGG-16, `LAYER/kernel` (h, w, in, out) and `LAYER/bias`
            (out,) float32, for an arm that starts from them; None for any other.
    """
    with _precision(config.precision):
        images = _images(config)
        x = _prepare(images, config.input, rgb=isinstance(config.model, VggConfig))
        if isinstance(config.model, CnnConfig):
            logits = heads.logits(cnn.features(x, config.model, seed), config.model, seed)
        else:
            logits = heads.classify(vgg.features(x, config.model, seed), seed)
        model = keras.Model(images, logits, name=config.model.architecture)
    if isinstance(config.model, VggConfig):
        if weights is not None:
            vgg.set_imagenet_weights(model, weights)
        vgg.freeze(model, config.model.frozen_layers)
    return model


def load(path: Path) -> keras.Model:
    """The trained network of a run, from the file that training left.

    Raises:
        UserError: the file is damaged.
    """
    with reading(path):
        return keras.saving.load_model(path, compile=False)


def input_layers(config: NetworkConfig) -> keras.Model:
    """The layers between the raw images and the network, alone: nothing of them is trained."""
    with _precision(config.precision):
        images = _images(config)
        prepared = _prepare(images, config.input, rgb=isinstance(config.model, VggConfig))
        return keras.Model(images, prepared)


@contextmanager
def _precision(policy: str) -> Iterator[None]:
    """Layers made inside take this precision; Keras's own setting is left as it was."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _images(config: NetworkConfig) -> Any:
    return keras.Input((config.image_size, config.image_size), dtype="uint8", name="images")


def _prepare(images: Any, config: InputConfig, rgb: bool) -> Any:
    """The input layers, in the order of figure 3: scaled, thresholded, padded, repeated."""
    x = Scale(name="scaled")(images)
    if config.downscale > 1:
        x = layers.AveragePooling2D(config.downscale, name="downscaled")(x)
    if config.threshold is not None:
        x = Threshold(config.threshold, name="thresholded")(x)
    if config.pad is not None:
        total = config.pad - x.shape[1]
        side = (total // 2, total - total // 2)  # the image is centred
        x = layers.ZeroPadding2D((side, side), name="padded")(x)
    if rgb:
        x = GreyToRGB(name="rgb")(x)
    if config.scaling == "imagenet":
        x = ImageNetStandardize(name="standardized")(x)
    return x
