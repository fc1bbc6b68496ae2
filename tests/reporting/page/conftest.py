"""Studies that were never trained, reported whole: of several numbers of seeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reporting.made_study import make, report

# Seeds of the arms, and of the costly ones among them.
SEEDS = {"ten": (range(10), range(10)), "one": ([0], [0]), "mixed": (range(10), [0])}


@pytest.fixture(scope="session", params=list(SEEDS))
def reported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a study of ten seeds, of one, and of ten but for one of costly arms."""
    seeds, costly = SEEDS[str(request.param)]
    return report(make(tmp_path_factory.mktemp(str(request.param)), seeds, costly=costly))
