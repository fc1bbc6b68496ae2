"""Results that travel: what a new user of a clone restores, trains and verifies."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from tests.pipeline.repository import Repository

pytestmark = pytest.mark.slow


def reports(repository: Repository) -> dict[str, bytes]:
    files = (path for path in (repository.path / "reports").rglob("*") if path.is_file())
    return {path.relative_to(repository.path).as_posix(): path.read_bytes() for path in files}


def networks(repository: Repository) -> list[str]:
    return sorted(path.stem for path in repository.path.glob("models/networks/*.keras"))


def did(log: str) -> tuple[int, int]:
    """How many runs `make repro` says that it restored and trained."""
    (said,) = re.findall(r"^restored (\d+) runs, trained (\d+)$", log, re.MULTILINE)
    return int(said[0]), int(said[1])


@pytest.fixture
def clone(study: Repository, tmp_path: Path) -> Repository:
    """A fresh clone of the study whose finished runs are kept."""
    kept = study.copy(tmp_path / "kept")
    said = kept.make("keep")
    assert re.match(r"14 of 14 runs are in the store, 14 of them new; 0 files", said)
    kept.commit()
    return kept.clone(tmp_path / "clone")


def test_a_fresh_clone_trains_nothing_then_what_changed_and_a_run_is_verified(
    clone: Repository,
) -> None:
    before = reports(clone)
    log = clone.make("repro", "JOBS=2")
    assert did(log) == (14, 0)
    assert "Use `dvc push`" not in log
    assert "Running stage 'train" not in log
    assert networks(clone) == []
    assert reports(clone) == before
    assert clone.git("status", "--short") == ""

    # An experiment is recorded although restored runs have no network, and the way back is free.
    log = clone.make("exp", "JOBS=2", "SET=arms.head_1024.label=wide")
    assert did(log) == (0, 0)
    changed = {name for name, content in reports(clone).items() if before.get(name) != content}
    assert "reports/report.html" in changed
    assert "reports/metrics.json" not in changed
    shown = csv.DictReader(clone.dvc("exp", "show", "--csv").splitlines())
    recorded = [row for row in shown if row["arms.head_1024.label"] == "wide" and row["Experiment"]]
    assert len(recorded) == 1
    assert "arms.head_1024.label=wide" in clone.make("experiments")
    assert "nothing has been made" not in clone.make("back")
    assert clone.git("status", "--short") == ""
    assert reports(clone) == before

    clone.edit("params.yaml", "train: {optimizer: adam}", "train: {optimizer: adam, epochs: 1}")
    log = clone.make("repro", "JOBS=2")
    assert re.search(r"^training 1 of 14 runs, 2 at a time, about ", log, re.MULTILINE)
    assert did(log) == (0, 1)
    assert networks(clone) == ["adam-0"]
    records = json.loads((clone.path / "reports/provenance.json").read_text())
    old = json.loads(before["reports/provenance.json"])
    assert {key for key in records if records[key] != old[key]} == {"adam-0"}

    lock = (clone.path / "dvc.lock").read_bytes()
    said = clone.make("verify")
    assert "simple_mnist-0 is identical: every file, its network too, to the byte" in said
    assert (clone.path / "dvc.lock").read_bytes() == lock
    assert networks(clone) == ["adam-0"]
