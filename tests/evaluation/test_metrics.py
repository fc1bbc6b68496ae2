"""Figures of merit against answers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from ablation.evaluation.metrics import accuracy, macro_f1, wilson


def bytes_of(*values: int) -> np.ndarray:
    return np.array(values, np.uint8)


def test_accuracy() -> None:
    assert accuracy(bytes_of(1, 2, 3, 4), bytes_of(1, 2, 0, 0)) == 0.5


answers = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30)


@given(answers)
def test_macro_f1_is_the_mean_of_precision_s_and_recall_s_harmonic_means(
    pairs: list[tuple[int, int]],
) -> None:
    labels, predictions = (bytes_of(*side) for side in zip(*pairs, strict=True))
    scores = []
    for label in {value for pair in pairs for value in pair}:
        right = sum(pair == (label, label) for pair in pairs)
        precision = right / max(1, sum(said == label for _, said in pairs))
        recall = right / max(1, sum(true == label for true, _ in pairs))
        scores.append(2 * precision * recall / (precision + recall) if right else 0.0)
    assert macro_f1(labels, predictions) == pytest.approx(sum(scores) / len(scores))
    assert macro_f1(labels, predictions) == pytest.approx(macro_f1(predictions, labels))


# --- Wilson's interval -------------------------------------------------------------------------


counts = st.integers(1, 20_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_it_is_scipy_s_and_holds_the_share(count: tuple[int, int], confidence: float) -> None:
    correct, total = count
    low, high = wilson(correct, total, confidence)
    expected = binomtest(correct, total).proportion_ci(confidence, method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert 0 <= low <= correct / total <= high <= 1
