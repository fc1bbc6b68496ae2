"""The order in which a run sees its training images, and the batches Keras reads.

The order is a function of seed and step alone, so an interrupted run goes on exactly where an
uninterrupted one would have been.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

_ORDER_STREAM = 1  # keeps this stream apart from others of the same seed


def order(indices: NDArray[np.int64], seed: int, start: int, count: int) -> NDArray[np.int64]:
    """The `count` image numbers from position `start` of the run's endless stream.

    The stream is one random permutation of `indices` (n,) after another, each of its own
    generator, so that every image is seen once before any is seen twice.
    """
    size = len(indices)
    first, last = start // size, (start + count - 1) // size
    passes = [
        np.random.default_rng([_ORDER_STREAM, seed, number]).permutation(indices)
        for number in range(first, last + 1)
    ]
    offset = start - first * size
    return np.concatenate(passes)[offset : offset + count]


class Batches(keras.utils.PyDataset):
    """Batches of (images (b, s, s) uint8, labels (b,)) in a given order, read from a memory map."""

    def __init__(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[np.uint8],
        order: NDArray[np.int64],
        batch_size: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._images, self._labels, self._order = images, labels, order
        self._batch_size = batch_size

    def __len__(self) -> int:
        return len(self._order) // self._batch_size

    def __getitem__(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        chosen = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        return self._images[chosen], self._labels[chosen]
