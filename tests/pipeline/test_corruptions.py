"""A short part of `python -m tests.fuzz --corruptions N`, on a study that was run."""

from __future__ import annotations

import pytest
from tests.fuzz import corruptions

from tests.pipeline.repository import Repository


@pytest.mark.slow
def test_damaged_files_between_stages_are_refused_in_one_line_with_their_name(
    study: Repository,
) -> None:
    outcome = corruptions.run(study.path, seed=1, count=40)
    assert outcome.wrong == []
    assert sum(outcome.counts.values()) == 40
    assert outcome.counts["refused"] > 15
