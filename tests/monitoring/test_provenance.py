"""Under what circumstances a run was trained, and what of it the last commit has."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ablation.base.files import write_json
from ablation.monitoring import provenance
from ablation.monitoring.provenance import Committed, read_committed
from tests.params import WHO

RUN, RECORD = Path("models/runs/adam-0"), Path("models/provenance/adam-0.json")
INPUTS = {"ablation/training/loop.py": "1" * 16, "configs/arms/adam.yaml": "2" * 16}
ARM = {"model": {"dense": [512], "regularizer": None}, "train": {"epochs": 3}}


def git(*arguments: str) -> None:
    subprocess.run(["git", *WHO, *arguments], check=True, capture_output=True)


@pytest.fixture(autouse=True)
def _repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit with a run."""
    monkeypatch.chdir(tmp_path)
    for path in (RUN, RECORD.parent, Path("reports")):
        path.mkdir(parents=True)
    for name in ("params.yaml", "dvc.lock", "reports/runs.csv"):
        Path(name).write_text("before\n")
    (RUN / "answers.npz").write_bytes(bytes(range(256)))  # no text
    write_json(RECORD, {"arm": ARM, "inputs": INPUTS, "outputs": provenance.outputs(RUN)})
    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "test")


def described() -> dict[str, Any]:
    return provenance.describe("jax", "cpu", 2, {"NPROC": "2"}, 0.0, 12.345, 100.04)


def test_machine_software_and_times_are_told() -> None:
    told = described()
    assert told["packages"]["numpy"].count(".") == 2
    assert told["processor"]
    known = {
        "backend": "jax", "device": "cpu", "threads": 2, "variables": {"NPROC": "2"},
        "started": "1970-01-01T00:00:00+00:00", "seconds": 12.3, "images_per_second": 100.0,
    }  # fmt: skip
    assert told | known == told


def test_the_commit_is_told_and_whether_the_tree_is_as_it_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = described()
    assert len(first["commit"]) == 40
    assert first["clean"] is True
    for name in ("dvc.lock", "reports/runs.csv"):  # which a study under way writes
        Path(name).write_text("after\n")
    assert described() == first
    Path("params.yaml").write_text("after\n")
    assert described() == first | {"clean": False}
    monkeypatch.setenv("PATH", "")  # no git
    assert described() == first | {"commit": None, "clean": None}


def test_a_run_of_the_last_commit_is_read_whatever_lies_in_the_folder_now() -> None:
    (RUN / "answers.npz").write_bytes(b"other")
    committed = read_committed(RUN, RECORD)
    assert committed is not None
    assert committed.files[RUN / "answers.npz"] == bytes(range(256))
    assert set(committed.files) == {RUN / "answers.npz", RECORD}
    assert committed.made_of(dict(reversed(INPUTS.items())))
    assert not committed.made_of(INPUTS | {"ablation/training/loop.py": "3" * 16})
    assert not committed.made_of(INPUTS | {"ablation/training/new.py": "3" * 16})


def test_a_run_that_was_never_committed_or_was_changed_by_hand_is_none() -> None:
    assert read_committed(Path("models/runs/sgd-0"), Path("models/provenance/sgd-0.json")) is None
    (RUN / "answers.npz").write_bytes(b"other")
    git("commit", "--quiet", "--all", "--message", "by hand")
    assert read_committed(RUN, RECORD) is None
    os.rename(".git", "elsewhere")
    assert read_committed(RUN, RECORD) is None


@pytest.mark.parametrize(
    ("arm", "inputs", "told"),
    [
        ({}, {}, []),
        ({}, {"ablation/training/loop.py": "3"}, ["ablation/training/loop.py"]),
        ({}, {"ablation/training/new.py": "3"}, ["ablation/training/new.py"]),
        (
            {"model": {"dense": [1024], "regularizer": {"kind": "l2"}}},
            {"configs/arms/adam.yaml": "3", "data/split/0.npz": "4"},
            ["configs/arms/adam.yaml: model.dense, model.regularizer.kind", "data/split/0.npz"],
        ),
    ],
)
def test_differences_name_files_and_of_the_configuration_the_keys(
    arm: dict[str, Any], inputs: dict[str, str], told: list[str]
) -> None:
    committed = Committed({"arm": ARM, "inputs": INPUTS}, {})
    assert committed.differences(ARM | arm, INPUTS | inputs) == told


def test_a_file_that_is_gone_is_a_difference() -> None:
    assert Committed({"arm": ARM, "inputs": INPUTS}, {}).differences(ARM, {}) == list(INPUTS)
