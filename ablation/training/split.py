"""Splitting images into training and validation with the label distribution kept (section 2)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ablation.base.errors import UserError


def stratified(
    labels: NDArray[np.uint8], fraction: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Disjoint training and validation image numbers that together are all of `labels`.

    Each label gives `fraction` of its images to validation, rounded so that validation holds
    round(fraction * n) images in all (largest remainders first). Both are in random order.

    Args:
        labels: (n,) labels.
        fraction: validation's share, between 0 and 1.

    Returns:
        training (n - m,) and validation (m,) image numbers, int64.

    Raises:
        UserError: one of the two would be empty.
    """
    total = round(fraction * len(labels))
    if not 0 < total < len(labels):
        raise UserError(
            f"a validation fraction of {fraction} of {len(labels)} images leaves one part empty"
        )
    values, counts = np.unique(labels, return_counts=True)
    shares = fraction * counts
    quota = np.floor(shares).astype(int)
    remainders = np.argsort(quota - shares, kind="stable")
    quota[remainders[: total - quota.sum()]] += 1
    validation, training = [], []
    for value, count in zip(values, quota, strict=True):
        members = rng.permutation(np.flatnonzero(labels == value))
        validation.append(members[:count])
        training.append(members[count:])
    return (
        rng.permutation(np.concatenate(training)).astype(np.int64),
        rng.permutation(np.concatenate(validation)).astype(np.int64),
    )


def measured(indices: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Which `count` (or all, where fewer) of a part's images stand for it in measurements.

    The split is in random order, so its first are a random choice, the same after each epoch and
    in evaluation; they are given in the file's order, which reads faster.
    """
    return np.sort(indices[:count])
