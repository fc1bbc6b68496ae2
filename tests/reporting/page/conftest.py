"""Studies that were never trained, reported whole: once for each number of seeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reporting.made_study import make, report

SEEDS = {"ten": range(10), "one": [0]}


@pytest.fixture(scope="session", params=list(SEEDS))
def reported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a study of ten seeds, and of one."""
    name = str(request.param)
    return report(make(tmp_path_factory.mktemp(name), SEEDS[name]))
