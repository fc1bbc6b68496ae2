"""What the tests of every kind of figure share."""

from __future__ import annotations

import pytest

from tests.reporting.figures.tables import LABELS


@pytest.fixture
def labels() -> dict[str, str]:
    return dict(LABELS)
