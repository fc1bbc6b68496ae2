"""What a run says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from ablation.base.files import read_json
from ablation.monitoring import progress
from ablation.monitoring.progress import Notebook, Progress, duration


def state(**changes: object) -> Progress:
    known = {
        "run": "adam-0",
        "epoch": 3,
        "epochs": 15,
        "share": 0.15,
        "resumed": 0.0,
        "accuracy": 0.4567,
        "images_per_second": 1234.5,
        "seconds_left": 200.0,
        "epoch_ended": False,
    }
    return Progress(**(known | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0 s"),
        (0.4, "0 s"),
        (40, "40 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (200, "3 min 20 s"),
        (3599.4, "59 min 59 s"),
        (3600, "1 h 0 min"),
        (7500, "2 h 5 min"),
        (7559, "2 h 5 min"),
        (200_000, "55 h 33 min"),
    ],
)
def test_a_duration_as_a_person_says_it(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_progress_says_run_epoch_accuracy_speed_and_time_left() -> None:
    assert str(state()) == "adam-0  epoch 3/15  accuracy  45.7 %  1,234 images/s  3 min 20 s left"


def test_before_the_first_accuracy_there_is_none() -> None:
    assert str(state(accuracy=None)) == "adam-0  epoch 3/15  1,234 images/s  3 min 20 s left"


def test_a_notebook_keeps_the_latest_at_most_once_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    path = tmp_path / "progress" / "adam-0.json"
    notebook = Notebook(path)
    notebook.note(state(epoch=1))
    assert Progress(**read_json(path)) == state(epoch=1)
    now += 0.9
    notebook.note(state(epoch=2))
    assert read_json(path)["epoch"] == 1
    now += 0.1
    notebook.note(state(epoch=4))
    assert read_json(path)["epoch"] == 4


def test_a_notebook_writes_what_it_is_first_told_even_just_after_the_machine_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress.time, "monotonic", lambda: 0.5)  # seconds since the start
    notebook = Notebook(tmp_path / "adam-0.json")
    notebook.note(state())
    assert (tmp_path / "adam-0.json").exists()
