"""Under what circumstances a run was trained: told, kept beside its history, gathered."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ablation.base.files import read_json
from ablation.monitoring import provenance


def repository(folder: Path) -> Path:
    def git(*arguments: str) -> None:
        who = ("-c", "user.name=test", "-c", "user.email=test@example.org")
        subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)

    (folder / "reports").mkdir()
    for name in ("params.yaml", "dvc.lock", "reports/runs.csv"):
        (folder / name).write_text("before\n")
    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "test")
    return folder


def test_the_commit_is_told_and_whether_the_tree_is_as_it_says(tmp_path: Path) -> None:
    folder = repository(tmp_path)
    first = provenance.commit(folder)
    assert len(first["commit"]) == 40
    assert first["clean"] is True
    for name in ("dvc.lock", "reports/runs.csv"):  # which a study under way writes
        (folder / name).write_text("after\n")
    assert provenance.commit(folder) == first
    (folder / "params.yaml").write_text("after\n")
    assert provenance.commit(folder) == first | {"clean": False}


def test_without_git_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("PATH", "")
    assert provenance.commit(tmp_path) == {"commit": None, "clean": None}


def test_machine_and_software_are_told() -> None:
    told = provenance.describe("tensorflow", "cpu", 2, {"OMP_NUM_THREADS": "2"})
    assert told["threads"] == 2
    assert told["packages"]["numpy"].count(".") == 2
    assert told["processor"]
    assert told["variables"] == {"OMP_NUM_THREADS": "2"}


def test_times_are_told_in_seconds_and_the_start_in_utc() -> None:
    assert provenance.timed(0.0, 12.345, 100.04) == {
        "started": "1970-01-01T00:00:00+00:00", "seconds": 12.3, "images_per_second": 100.0
    }  # fmt: skip


@pytest.fixture
def histories(tmp_path: Path) -> dict[str, Path]:
    paths = {key: tmp_path / f"{key}.csv" for key in ("adam-0", "sgd-0")}
    for key, path in paths.items():
        path.write_text(f"epoch of {key}\n")
    return paths


def test_a_record_is_found_again_with_the_history_that_it_belongs_to(
    tmp_path: Path, histories: dict[str, Path]
) -> None:
    folder = tmp_path / "kept"
    provenance.write(folder, "adam-0", histories["adam-0"], {"seconds": 1})
    first = provenance.gather(folder, histories, {})
    assert first["adam-0"]["seconds"] == 1
    assert set(first["sgd-0"]) == {"history"}  # nothing is known of it
    # Trained with another outcome, and back again: each record is still there.
    before = histories["adam-0"].read_text()
    histories["adam-0"].write_text("another\n")
    provenance.write(folder, "adam-0", histories["adam-0"], {"seconds": 2})
    assert provenance.gather(folder, histories, first)["adam-0"]["seconds"] == 2
    histories["adam-0"].write_text(before)
    assert provenance.gather(folder, histories, {}) == first


def test_what_was_gathered_elsewhere_is_kept_for_the_same_history_alone(
    tmp_path: Path, histories: dict[str, Path]
) -> None:
    folder = tmp_path / "kept"
    provenance.write(folder, "adam-0", histories["adam-0"], {"seconds": 1})
    gathered = provenance.gather(folder, histories, {})
    empty = tmp_path / "elsewhere"
    assert provenance.gather(empty, histories, gathered) == gathered
    histories["adam-0"].write_text("another\n")
    assert set(provenance.gather(empty, histories, gathered)["adam-0"]) == {"history"}


def test_a_record_is_a_file_of_its_own(tmp_path: Path, histories: dict[str, Path]) -> None:
    provenance.write(tmp_path / "kept", "sgd-0", histories["sgd-0"], {"seconds": 3})
    (path,) = (tmp_path / "kept" / "sgd-0").iterdir()
    assert path == provenance.place(tmp_path / "kept", "sgd-0", histories["sgd-0"])
    assert read_json(path) == {"seconds": 3}
