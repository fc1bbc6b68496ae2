"""What the input layers of a network make of an image, for figure 3."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray

# The input layers that are shown, by their names in the network.
STEPS = ("scaled", "downscaled", "thresholded", "padded")


def input_steps(model: keras.Model, images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
    """What each input layer of `model` makes of `images` (k, s, s), in order, "raw" first.

    Returns:
        step -> (k, height, width) float32: raw 0..255, the others 0..1 (figure 3).
    """
    steps = {"raw": images.astype(np.float32)}
    names = {layer.name for layer in model.layers}
    for step in STEPS:
        if step in names:
            part = keras.Model(model.input, model.get_layer(step).output)
            steps[step] = np.asarray(keras.ops.convert_to_numpy(part(images)), np.float32)[..., 0]
    return steps
