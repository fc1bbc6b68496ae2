"""Initial kernels, and the seeds of dropout masks.

Each depends on the run's seed and the layer's name alone. So arms that share a layer in name and
shape start it from the same weights, and with the same seed differ only in what the study varies.
Kernels are drawn by NumPy, so every backend starts from the same numbers.
"""

from __future__ import annotations

from math import prod, sqrt
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from ablation import streams


@keras.saving.register_keras_serializable("ablation")
class NamedGlorotUniform(keras.initializers.Initializer):
    """Glorot and Bengio's uniform kernels (2010), of one layer of the run with this seed."""

    def __init__(self, seed: int, layer: str) -> None:
        self.seed, self.layer = seed, layer

    def __call__(self, shape: tuple[int, ...], dtype: Any = None, **_: Any) -> Any:
        """A kernel (..., in, out); `...` are the sides of a convolution's window, if any."""
        *window, inputs, outputs = shape
        limit = sqrt(6 / (prod(window) * (inputs + outputs)))
        rng = streams.generator("weights", self.seed, self.layer)
        values = rng.uniform(-limit, limit, shape).astype(np.float32)
        return ops.convert_to_tensor(values, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed, "layer": self.layer}


def dropout(x: Any, rate: float, seed: int, name: str) -> Any:
    """Dropout, of whole maps where its name says so; no layer at all at rate 0.

    The backend draws the masks, so its masks are its own.
    """
    if not rate:
        return x
    kind = layers.SpatialDropout2D if name.startswith("spatial") else layers.Dropout
    return kind(rate, seed=streams.integer("dropout", seed, name), name=name)(x)
