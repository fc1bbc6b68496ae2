"""What a network answers, and where it saw which digit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ablation.networks import architectures
from ablation.prediction.answers import Sight, answers, sights
from ablation.training.config import ArmConfig

Arm = Callable[..., ArmConfig]


def test_a_digit_is_seen_where_its_evidence_is_highest() -> None:
    evidence = np.full((4, 2, 10), -5.0, np.float32)
    evidence[3, 1, 7] = 0.0  # as likely as not
    evidence[0, 0, 2] = np.log(3)
    evidence[2, 1, 4] = -0.01
    assert sights(evidence, 16) == [
        Sight(2, pytest.approx(0.75), 2.0, 4.0),
        Sight(7, 0.5, 14.0, 12.0),
    ]
    assert [sight.digit for sight in sights(evidence, 16, smallest=3)] == [7]


def test_scores_beyond_an_exponential_are_certain() -> None:
    assert [s.probability for s in sights(np.full((1, 1, 10), 1e5, np.float32), 8)] == [1.0] * 10


@pytest.mark.parametrize("head", ["largest", "dense"])
def test_an_answer_is_the_network_s_own(head: str, tiny_arm: Arm) -> None:
    model = architectures.build(tiny_arm({"model": {"head": head}}), 0, None)
    images = np.random.default_rng(0).integers(0, 256, (5, 12, 12)).astype(np.uint8)
    given = list(answers(model, images))
    logits = model.predict(images, verbose=0)
    assert [answer.digit for answer in given] == logits.argmax(axis=1).tolist()
    assert all(1 / 10 <= answer.probability <= 1 for answer in given)
    assert all((answer.seen is None) == (head == "dense") for answer in given)
    # The loss asks nothing of the evidence of smaller digits.
    assert all(sight.digit >= answer.digit for answer in given for sight in answer.seen or [])
