"""What a run says of itself while it trains."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from ablation.base.files import read_json
from ablation.monitoring import progress
from ablation.monitoring.progress import Progress, Reporter, duration
from ablation.training.loop import Moment

ROWS: list[dict[str, float]] = [
    {"epoch": 1, "train_accuracy": 0.5, "validation_accuracy": 0.4567},
    {"epoch": 2, "train_accuracy": 0.6, "validation_accuracy": 0.55},
]


def moment(epoch: int, share: float, measured: int = 0, resumed: int = 0) -> Moment:
    return Moment(epoch, 4, resumed, share, 1234.5, 200.0, ROWS[:measured])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (200, "3 min 20 s"),
        (3600, "1 h 0 min"),
        (200_000, "55 h 33 min"),
    ],
)
def test_a_duration_as_a_person_says_it(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_progress_is_a_share_of_the_run_and_a_line() -> None:
    first = Progress.of("adam-0", moment(1, 0.5))
    assert (first.share, first.accuracy) == (0.125, None)
    assert str(first) == "adam-0  epoch 1/4  1,234 images/s  3 min 20 s left"
    later = Progress.of("adam-0", moment(3, 0.5, measured=1))
    assert (later.share, later.accuracy) == (0.625, 0.4567)
    assert str(later) == "adam-0  epoch 3/4  accuracy  45.7 %  1,234 images/s  3 min 20 s left"


def test_a_reporter_says_each_measured_epoch_once_and_writes_at_most_once_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 0.5  # seconds since the machine started: the first is written all the same
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    path, reporter = tmp_path / ".scratch/progress/adam-0.json", Reporter("adam-0", tmp_path)
    reporter(moment(1, 0.5))
    first = Progress.of("adam-0", moment(1, 0.5))
    assert Progress(**read_json(path)) == first
    now += 0.9
    reporter(moment(1, 1.0))
    reporter(moment(1, 1.0, measured=1))
    reporter(moment(2, 0.5, measured=1))
    assert read_json(path) == asdict(first)
    now += 0.1
    reporter(moment(2, 1.0, measured=2))
    assert read_json(path)["share"] == 0.5
    lines = capsys.readouterr().out.splitlines()
    assert [line[:31] for line in lines] == [
        "adam-0  epoch 1/4  accuracy  45", "adam-0  epoch 2/4  accuracy  55"
    ]  # fmt: skip


def test_live_curves_are_those_of_the_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("dvclive")
    monkeypatch.setenv("ABLATION_LIVE", "1")
    reporter: Any = Reporter("adam-0", tmp_path)
    for epoch in (1, 2):
        reporter(moment(epoch, 1.0, measured=epoch))
    told = (tmp_path / "live/adam-0/plots/metrics/validation_accuracy.tsv").read_text()
    assert told.split() == ["step", "validation_accuracy", "1", "0.4567", "2", "0.55"]
