"""Puts finished runs into the store in git: `python -m runner.keep`, which `make keep` calls.

A run is finished when dvc.lock has its training and the evaluation of just that network. What of it
travels goes from DVC's cache into results/, whole or not at all; what belongs to no finished run of
dvc.lock goes out. The record of how it was trained goes into reports/provenance.json. It can be
called as often as one likes, and while the study trains in the same folder. Then commit:

    git add results dvc.lock reports/provenance.json && git commit -m "Results of N runs"
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ablation.base.errors import UserError
from ablation.base.files import read_json, write_json
from ablation.monitoring import provenance
from runner import lock, store
from runner.graph import StudyError
from runner.lock import Run
from runner.store import MOST_BYTES, Objects, Place

GATHERED = Path("reports/provenance.json")  # of the stage `provenance`, which keeps what it finds
RECORDS = Path("models/provenance")
HISTORY = "history.csv"


def main() -> None:
    with store.opened() as repo:
        place = store.place(repo)
    entries = lock.read(place.lock)
    # An arm that moved to the other section of params.yaml has its runs under other names there.
    runs = (
        lock.finished(lock.regrouped(entries), place.runs) | lock.finished(entries, place.runs)
    ).values()
    new = [run for run in runs if take(place, run)]
    kept = [run for run in runs if all(map(place.store.holds, place.results(run).values()))]
    removed = prune(place, kept)
    known = record(place, kept)
    size = sum(path.stat().st_size for path in place.store.present())
    print(
        f"{len(kept)} of {len(place.runs)} runs are in the store, {len(new)} of them new; "
        f"{removed} files that belong to none are removed; {size / 1e6:.1f} MB; "
        f"{known} new records in {GATHERED}"
    )
    if size > MOST_BYTES:
        raise StudyError(f"the store takes more than {MOST_BYTES / 1e6:.0f} MB, which is its limit")


def take(place: Place, run: Run) -> bool:
    """Takes a run into the store if all that travels of it is here; says whether anything was new.

    Raises:
        StudyError: a file in DVC's cache is damaged.
    """
    missing = [md5 for md5 in place.results(run).values() if not place.store.holds(md5)]
    if not missing or not all(map(place.cache.holds, missing)):
        return False
    for md5 in missing:
        place.store.take(md5, place.cache)
    return True


def prune(place: Place, runs: Iterable[Run]) -> int:
    """Removes what belongs to no run from the store; how many files."""
    digests = {md5 for run in runs for md5 in place.results(run).values()}
    lost = store.unreachable(place.store, digests)
    for path in lost:
        path.unlink()
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
    return len(lost)


def record(place: Place, runs: Iterable[Run]) -> int:
    """Adds this machine's records of runs to those gathered, where none is known; how many."""
    gathered: dict[str, Any] = read_json(GATHERED) if GATHERED.exists() else {}
    new = {}
    for run in runs:
        history = _history(place.store, place.results(run).values())
        if history is None:
            continue
        name = provenance.digest(history)
        known = gathered.get(run.key, {})
        path = provenance.place(RECORDS, run.key, history)
        if path.exists() and (known.get("history") != name or "commit" not in known):
            new[run.key] = {"history": name, **read_json(path)}
    if new:
        write_json(GATHERED, gathered | new)
    return len(new)


def _history(objects: Objects, digests: Iterable[str]) -> Path | None:
    """The file of a run's history."""
    for digest in digests:
        files = objects.files(digest)
        if HISTORY in files:
            return objects.path(files[HISTORY])
    return None


if __name__ == "__main__":
    try:
        main()
    except (StudyError, UserError) as error:
        sys.exit(f"keep: {error}")
