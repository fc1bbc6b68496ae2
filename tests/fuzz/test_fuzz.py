"""A short part of `python -m tests.fuzz`, which runs ten thousand configurations."""

from __future__ import annotations

import numpy as np

from tests.fuzz import configurations, mutations


def test_mutated_configurations_are_refused_in_one_line_or_can_take_a_step() -> None:
    outcome = configurations.run(seed=1, count=150)
    assert outcome.wrong == []
    assert sum(outcome.counts.values()) == 150
    assert outcome.counts["refused"] > 30
    assert outcome.counts["accepted"] > 0  # few are: most mutations are mistakes
    assert outcome.counts["refused as text"] > 10


def test_the_same_seed_damages_in_the_same_way() -> None:
    content = b"scale: laptop\nseeds: [0]\n" * 20
    for damage in (mutations.of_bytes, mutations.of_file):
        made = [damage(content, np.random.default_rng([3, 4])) for _ in range(2)]
        assert made[0] == made[1]
