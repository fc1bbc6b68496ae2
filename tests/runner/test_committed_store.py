"""The store as it is committed: small, whole, and nothing in it that no run of dvc.lock reaches."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner import lock, store
from runner.store import MOST_BYTES

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning")  # of DVC's own


def test_the_store_holds_the_runs_of_the_committed_study_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    with store.opened() as repo:
        place = store.place(repo)
    runs = lock.finished(lock.read(place.lock), place.runs).values()
    whole = [run for run in runs if all(map(place.store.holds, place.results(run).values()))]
    kept = {md5 for run in whole for md5 in place.results(run).values()}
    unreachable = store.unreachable(place.store, kept)
    assert not unreachable, "`make keep` removes them"
    size = sum(path.stat().st_size for path in place.store.present())
    assert size <= MOST_BYTES
    assert place.store.folder.is_relative_to(ROOT / "results")
    if place.store.present():  # with none, the committed results are of before the store
        assert [run.key for run in runs if run not in whole] == [], "`make keep` adds them"
