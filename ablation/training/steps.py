"""An epoch batch by batch: Keras's own step, on any backend."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from numpy.typing import NDArray

from ablation.training.epochs import Epoch, Images, batches

MEASURED_AT_ONCE = 250  # images; has no influence on the numbers


class Steps:
    """One compiled network and the data set it is measured on.

    Between calls the state of training is in the model and its optimizer, and nowhere else.
    """

    def __init__(self, model: keras.Model, data: Images, batch_size: int) -> None:
        self._model, self._data, self._batch_size = model, data, batch_size

    def train(self, epoch: Epoch, after: Callable[[int], None]) -> tuple[float, float]:
        """One pass over the epoch's images.

        Args:
            after: told the number of each step, counted from 1, once it is done.

        Returns:
            the mean over the steps of accuracy and loss, with dropout on and the penalty in it.
        """
        # Not `fit`: when a fit on a generator ends, TensorFlow's data pipeline may take 20 s to
        # close, longer than an epoch takes here.
        correct, loss = [], []
        pairs = batches(epoch.images, epoch.labels, epoch.order, self._batch_size)
        for step, pair in enumerate(pairs, start=1):
            # Each step told by itself: Keras's own mean over steps is the last one's under JAX.
            self._model.reset_metrics()
            logs = self._model.train_on_batch(*pair, return_dict=True)
            correct.append(float(logs["accuracy"]))
            loss.append(float(logs["loss"]))
            after(step)
        return float(np.mean(correct)), float(np.mean(loss))

    def measure(self, numbers: NDArray[np.int64]) -> tuple[float, float]:
        """Accuracy and cross-entropy (nats) on the data set's images of these numbers (m,)."""
        logits = self._model.predict(
            self._data.images[numbers], batch_size=MEASURED_AT_ONCE, verbose=0
        )
        return accuracy_and_cross_entropy(logits, self._data.labels[numbers])

    def penalty(self) -> float:
        """What the regularizers add to the loss; 0 without any."""
        return float(sum(float(loss) for loss in self._model.losses))


def accuracy_and_cross_entropy(
    logits: NDArray[np.float32], labels: NDArray[np.uint8]
) -> tuple[float, float]:
    """Of logits (m, 10) and labels (m,): the share of right answers, and nats an image."""
    exact = logits.astype(np.float64)
    shifted = exact - exact.max(axis=1, keepdims=True)
    of_label = shifted[np.arange(len(labels)), labels]
    cross_entropy = np.log(np.exp(shifted).sum(axis=1)) - of_label
    return float(np.mean(exact.argmax(axis=1) == labels)), float(np.mean(cross_entropy))
