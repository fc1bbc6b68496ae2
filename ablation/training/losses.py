"""What a run minimizes beside its penalty: cross-entropy, exact or against smoothed targets."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


def build(label_smoothing: float) -> keras.losses.Loss:
    """The mean over a batch of labels (b,) and logits (b, 10), in nats."""
    if not label_smoothing:
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return Smoothed(label_smoothing)


class Smoothed(keras.losses.Loss):
    """Cross-entropy whose target has a share of itself spread over all labels, the true one too.

    Szegedy et al. 2016, section 7; Keras has it for labels that are whole distributions alone.
    """

    def __init__(self, share: float) -> None:
        super().__init__(name="smoothed")
        self._share = share

    def call(self, y_true: Any, y_pred: Any) -> Any:
        exact = ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=True)
        of_all = -ops.mean(ops.log_softmax(y_pred, axis=-1), axis=-1)
        return (1 - self._share) * exact + self._share * of_all
