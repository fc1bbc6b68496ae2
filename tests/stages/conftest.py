"""What the tests of stages share: a command line without arguments."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["stage"])
