"""Smoothed cross-entropy against its definition."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from ablation.training.losses import build


def numbers() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.integers(0, 10, 16), rng.normal(0, 3, (16, 10)).astype(np.float32)


def value(loss: keras.losses.Loss, labels: np.ndarray, logits: np.ndarray) -> float:
    return float(keras.ops.convert_to_numpy(loss(labels, logits)))


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_smoothed_is_keras_s_own_on_whole_distributions(share: float) -> None:
    labels, logits = numbers()
    theirs = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=share)
    expected = value(theirs, np.eye(10, dtype=np.float32)[labels], logits)
    assert value(build(share), labels, logits) == pytest.approx(expected, rel=1e-6)


def test_without_smoothing_it_is_the_cross_entropy() -> None:
    labels, logits = numbers()
    exact = logits.astype(np.float64)
    of_label = exact[np.arange(16), labels]
    expected = np.mean(np.log(np.exp(exact).sum(axis=1)) - of_label)
    assert value(build(0.0), labels, logits) == pytest.approx(expected, rel=1e-6)
