"""paper.yaml, to be changed freely."""

from __future__ import annotations

import copy

import pytest

from tests.params import PAPER, Tree


@pytest.fixture
def paper() -> Tree:
    """The project's own paper.yaml."""
    return copy.deepcopy(PAPER)
