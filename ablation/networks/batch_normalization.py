"""Batch normalization that uses the backend's fused operation in training where it has one.

This is the only network file that imports a framework by name. Keras normalizes with five
elementwise operations, each a pass over memory and each with its own gradient; TensorFlow has them
as one operation with one gradient, with the same mathematics. On two CPU cores stock normalization
takes half of a training step of the paper's CNN. Under any other backend this is Keras's own layer.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("ablation")
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras's layer over the channels of (n, h, w, c); outputs, gradients and moving statistics
    are those of `keras.layers.BatchNormalization` to rounding."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        fusable = (
            training
            and self.trainable
            and mask is None
            and keras.backend.backend() == "tensorflow"
            and len(inputs.shape) == 4
            and keras.backend.standardize_dtype(inputs.dtype) in ("float32", "bfloat16")
        )
        if not fusable:
            return super().call(inputs, training=training, mask=mask)

        import tensorflow as tf  # the backend is loaded already: this only names it

        outputs, mean, corrected_variance = tf.compat.v1.nn.fused_batch_norm(
            ops.cast(inputs, "float32"),  # as Keras normalizes bfloat16 too
            ops.cast(self.gamma, "float32"),
            ops.cast(self.beta, "float32"),
            epsilon=self.epsilon,
            is_training=True,
        )
        # The operation reports the variance over n - 1 pixels, Keras keeps it over n.
        shape = ops.shape(inputs)
        count = ops.cast(shape[0] * shape[1] * shape[2], "float32")
        variance = corrected_variance * ((count - 1.0) / count)
        for moving, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + batch * (1.0 - self.momentum))
        return ops.cast(outputs, self.compute_dtype)


def activate(x: Any, momentum: float | None, suffix: str) -> Any:
    """Normalized, unless `momentum` is None, then rectified; `suffix` ends the layers' names."""
    if momentum is not None:
        x = BatchNormalization(momentum=momentum, name=f"normalization_{suffix}")(x)
    return keras.layers.ReLU(name=f"relu_{suffix}")(x)
