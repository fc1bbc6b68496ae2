"""Where runs train: Dask is needed for a cluster and for nothing else."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import pytest

from ablation.base.files import write_json
from runner import executor
from runner.display import Display
from runner.graph import StudyError
from runner.pool import State

ROOT = Path(__file__).resolve().parents[2]
DASK = ("dask", "distributed", "cloudpickle")


def test_a_scheduler_without_dask_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*DASK, "runner.cluster.connection"]:
        monkeypatch.delitem(sys.modules, name, raising=False)
    for name in DASK:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(StudyError, match=r"^SCHEDULER needs Dask.*`make cluster`") as error:
        executor.cluster("tcp://host:8786", gpu=False, networks=False, source=None)
    assert "\n" not in str(error.value)


def test_what_a_study_on_one_machine_imports_is_without_dask() -> None:
    files = {
        file
        for folder in ("ablation", "stages", "runner")
        for file in (ROOT / folder).rglob("*.py")
        if ROOT / "runner/cluster" not in file.parents
    }
    assert ROOT / "runner/executor.py" in files
    # At the beginning of a line: what a function imports is imported when it is called.
    imports = re.compile(
        rf"^\s*(from|import) ({'|'.join(DASK)})\b|^(from|import) runner\.cluster\b"
    )
    lines = [(file.name, line) for file in files for line in file.read_text().splitlines()]
    assert [(name, line) for name, line in lines if imports.match(line)] == []


def test_each_worker_has_a_line(tmp_path: Path) -> None:
    state = State(["adam-0"], {"simple-0": time.monotonic() - 60, "sgd-0": time.monotonic() - 60})
    state.where, state.idle = {"simple-0": "w1", "sgd-0": "w2"}, ["w3"]
    progress = {
        "run": "simple-0", "epoch": 1, "epochs": 2, "share": 0.5, "resumed": 0.0, "accuracy": None,
        "images_per_second": 1.0, "seconds_left": 1.0, "epoch_ended": True,
    }  # fmt: skip
    write_json(tmp_path / "simple-0.json", progress)
    costs = {"adam-0": 1.0, "simple-0": 1.0, "sgd-0": 1.0}
    first, *lines = Display(costs, tmp_path, 3).lines(state)
    assert first.startswith("0 of 3 runs done, 1 waiting")
    assert lines[0].startswith("  w1: simple-0  epoch 1/2")
    assert lines[1:] == ["  w2: sgd-0  starting", "  w3: idle"]
