"""What a built network is, layer by layer."""

from __future__ import annotations

from typing import Any

import keras


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
