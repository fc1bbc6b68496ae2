"""The layers between raw uint8 images and a network, so that a saved model takes raw images.

Each is a step of the paper's augmentation (section 3.2.1, figure 3): scaled, thresholded, padded,
grey repeated to RGB. All use `keras.ops`, so every backend runs them.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

# The mean of ImageNet's images in the order blue, green, red: VGG-16's weights were trained on
# pixels of 0..255 from which it was taken (Simonyan and Zisserman 2014, section 2.1).
IMAGENET_MEAN_BGR = (103.939, 116.779, 123.68)


@keras.saving.register_keras_serializable("ablation")
class Scale(keras.layers.Layer):
    """Images (n, height, width) uint8, 0..255, to (n, height, width, 1) float, 0..1."""

    def call(self, images: Any) -> Any:
        return ops.expand_dims(ops.cast(images, self.compute_dtype) / 255.0, -1)


@keras.saving.register_keras_serializable("ablation")
class Threshold(keras.layers.Layer):
    """Sets values below `threshold` (0..1) to zero; the rest stays (figure 3, third column)."""

    def __init__(self, threshold: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.threshold = threshold

    def call(self, images: Any) -> Any:
        return ops.where(images < self.threshold, ops.zeros_like(images), images)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "threshold": self.threshold}


@keras.saving.register_keras_serializable("ablation")
class GreyToRGB(keras.layers.Layer):
    """Images (n, height, width, 1) to (n, height, width, 3), the grey value three times."""

    def call(self, images: Any) -> Any:
        return ops.repeat(images, 3, axis=-1)


@keras.saving.register_keras_serializable("ablation")
class ImageNetStandardize(keras.layers.Layer):
    """Values 0..1 to what VGG-16's weights were trained on: 0..255 less ImageNet's mean.

    Grey images have equal channels, so only the mean depends on the channel's order (blue first).
    """

    def call(self, images: Any) -> Any:
        mean = ops.convert_to_tensor(IMAGENET_MEAN_BGR, dtype=self.compute_dtype)
        return images * 255.0 - mean
