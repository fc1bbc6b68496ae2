"""What a built network is, layer by layer, and what its input layers make of an image."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

# The input layers that figure 3 shows, by their names in the network.
STEPS = ("scaled", "downscaled", "thresholded", "padded")


def layers(model: keras.Model) -> list[dict[str, Any]]:
    """One row a layer: layer, type, output_shape as "(n, 36, 36, 16)", parameters, trainable."""
    return [
        {
            "layer": layer.name,
            "type": type(layer).__name__,
            "output_shape": str(tuple(layer.output.shape)).replace("None", "n"),
            "parameters": layer.count_params(),
            "trainable": bool(layer.trainable_weights),
        }
        for layer in model.layers
    ]


def without_training_state(model: keras.Model) -> keras.Model:
    """The same network, uncompiled: saved, it leaves the optimizer's state out."""
    return keras.Model(model.input, model.output, name=model.name)


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
