"""The order in which a run sees its training images, and the batches in that order.

The order is a function of seed and step alone, so an interrupted run goes on exactly where an
uninterrupted one would have been.
"""

from __future__ import annotations

from collections.abc import Iterator

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


def batches(
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    order: NDArray[np.int64],
    batch_size: int,
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Whole batches of (images (b, s, s) uint8, labels (b,)) in the given order.

    Each is read when its turn comes, so memory-mapped images stay on disk.
    """
    for start in range(0, len(order) - batch_size + 1, batch_size):
        chosen = order[start : start + batch_size]
        yield images[chosen], labels[chosen]
