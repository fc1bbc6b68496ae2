"""Metrics of one network, from its predictions, and their intervals. NumPy only."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

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


def wilson(correct: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of the share `correct` of `total`, as (low, high), each 0..1.

    It says how well one network was measured on so many images and nothing of another seed's.
    It stays inside 0..1 and keeps its coverage where few images or nearly all of them are right.
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = correct / total
    middle = share + z * z / (2 * total)
    half = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    # At the ends the bound is 0 or 1 exactly, which rounding would miss by an ulp.
    low = 0.0 if correct == 0 else (middle - half) / scale
    high = 1.0 if correct == total else (middle + half) / scale
    return low, high
