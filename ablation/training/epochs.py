"""What a run trains on, epoch by epoch and in which order, and what it is measured on after each.

The order is a function of seed and step alone, so an interrupted run goes on exactly where an
uninterrupted one would have been, whichever engine does an epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ablation import streams
from ablation.base.errors import UserError
from ablation.training.config import TrainConfig
from ablation.training.split import measured

# (epoch from 0, how many) -> images (n, s, s) uint8 and their labels (n,) uint8.
Fresh = Callable[[int, int], tuple[NDArray[np.uint8], NDArray[np.uint8]]]


@dataclass(frozen=True)
class Images:
    """A data set and its split: images (n, s, s) uint8, labels (n,) uint8, image numbers int64.

    `fresh` composes the training images of an arm that asks for fresh ones; None for any other.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    training: NDArray[np.int64]
    validation: NDArray[np.int64]
    fresh: Fresh | None = None


@dataclass(frozen=True)
class Epoch:
    """An epoch's images (n, s, s) and labels (n,), both uint8, and their order (steps * batch,)."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    order: NDArray[np.int64]


class Epochs:
    """The epochs of one run: a function of its arm's training settings, its seed and its images."""

    def __init__(self, config: TrainConfig, seed: int, data: Images) -> None:
        """
        Raises:
            UserError: fewer training images than one batch.
        """
        # A split is in random order, so its first images are a random choice.
        self._training = data.training[: config.images]
        self._config, self._seed, self._data = config, seed, data
        images = min(config.images_per_epoch, len(self._training))
        self.steps = images // config.batch_size
        if self.steps == 0:
            raise UserError(
                f"{images} training images an epoch, fewer than a batch of {config.batch_size}"
            )

    @property
    def images(self) -> int:
        """Of an epoch: whole batches."""
        return self.steps * self._config.batch_size

    @property
    def all_steps(self) -> int:
        """Of the whole run."""
        return self.steps * self._config.epochs

    def epoch(self, number: int) -> Epoch:
        """The epoch, counted from 0: in any order of calls the same."""
        if self._data.fresh is not None:
            images, labels = self._data.fresh(number, self.images)
            return Epoch(images, labels, np.arange(self.images))
        chosen = order(self._training, self._seed, number * self.images, self.images)
        return Epoch(self._data.images, self._data.labels, chosen)

    @cached_property
    def measured(self) -> dict[str, NDArray[np.int64]]:
        """Part -> numbers of the data set's images that stand for it after each epoch."""
        count = self._config.measured_images
        return {
            "train": measured(self._training, count),
            "validation": measured(self._data.validation, count),
        }


def order(indices: NDArray[np.int64], seed: int, start: int, count: int) -> NDArray[np.int64]:
    """The `count` image numbers from position `start` of the run's endless stream.

    The stream is one random permutation of `indices` (n,) after another, each of its own
    generator, so that every image is seen once before any is seen twice.
    """
    size = len(indices)
    first, last = start // size, (start + count - 1) // size
    passes = [
        streams.generator("order", seed, number).permutation(indices)
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
