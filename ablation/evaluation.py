"""Figures of merit of one run, from its predictions and its history. NumPy only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def accuracy(labels: NDArray[np.uint8], predictions: NDArray[np.uint8]) -> float:
    """The share of equal entries of two (n,) arrays, 0..1."""
    return float(np.mean(labels == predictions))


def macro_f1(labels: NDArray[np.uint8], predictions: NDArray[np.uint8]) -> float:
    """The unweighted mean of F1 over the labels that occur in either (n,) array, 0..1."""
    scores = []
    for label in np.union1d(labels, predictions):
        true, said = labels == label, predictions == label
        scores.append(2 * np.sum(true & said) / (np.sum(true) + np.sum(said)))
    return float(np.mean(scores))


def epochs_to_reach(accuracies: Sequence[float], share: float) -> int:
    """The first epoch, counted from 1, whose accuracy is at least `share` of the best one's.

    `accuracies` is a run's validation accuracy after each epoch (section 4.3: convergence time).
    """
    values = np.asarray(accuracies)
    return int(np.argmax(values >= share * values.max())) + 1


def stability(accuracies: Sequence[float], share: float) -> float | None:
    """The standard deviation (n - 1) over the last `share` of the epochs (section 4.3).

    None where that is fewer than two epochs.
    """
    last = np.asarray(accuracies)[-max(1, round(share * len(accuracies))) :]
    return float(np.std(last, ddof=1)) if len(last) > 1 else None
