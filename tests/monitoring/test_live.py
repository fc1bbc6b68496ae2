"""Live curves, read back as their viewers read them; and that they change no result."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from ablation.base.errors import UserError
from ablation.base.files import read_json, write_text
from ablation.monitoring import live
from ablation.monitoring.progress import Notebook, Progress
from runner import live as option

needs_dvclive = pytest.mark.skipif(find_spec("dvclive") is None, reason="DVCLive is not installed")
needs_tensorboard = pytest.mark.skipif(
    find_spec("tensorboard") is None, reason="TensorBoard is not installed"
)
KINDS = [
    pytest.param("dvclive", marks=needs_dvclive),
    pytest.param("tensorboard", marks=needs_tensorboard),
]
EPOCHS = 6

Train = Callable[..., dict[str, dict[int, float]]]


def progress(epoch: int, resumed: int, ended: bool = True) -> Progress:
    return Progress(
        run="adam-0",
        epoch=epoch,
        epochs=EPOCHS,
        share=epoch / EPOCHS,
        resumed=resumed / EPOCHS,
        accuracy=accuracy(epoch, resumed),
        images_per_second=1000.0 + epoch,
        seconds_left=1.0,
        epoch_ended=ended,
    )


def accuracy(epoch: int, resumed: int) -> float:
    """Another one where an epoch is trained again, so that it shows which of them is kept."""
    return epoch / 10 + resumed / 100


def history(path: Path) -> Path:
    rows = [
        f"{epoch},{metric},{value}\n"
        for epoch in range(1, EPOCHS + 1)
        for metric, value in (("train_loss", 2.0 / epoch), ("validation_accuracy", epoch / 10))
    ]
    write_text(path, "".join(["epoch,metric,value\n", *rows]))
    return path


def curves(kind: str, folder: Path) -> dict[str, dict[int, float]]:
    """name -> step -> value, as the files of one run have them."""
    if kind == "tensorboard":
        return events(folder)
    found: dict[str, dict[int, float]] = {}
    for path in (folder / "plots" / "metrics").glob("*.tsv"):
        with path.open(newline="") as file:
            read = csv.DictReader(file, dialect="excel-tab")
            rows = [(int(row["step"]), float(row[path.stem])) for row in read]
        assert len(dict(rows)) == len(rows), f"a step twice in {path.name}"
        found[path.stem] = dict(rows)
    return found


def events(folder: Path) -> dict[str, dict[int, float]]:
    """As TensorFlow reads the records, which checks their sums; a start forgets what is later."""
    import tensorflow as tf
    from tensorflow.core.util import event_pb2

    found: dict[str, dict[int, float]] = {}
    for path in sorted(folder.glob("*tfevents*")):
        records = list(tf.data.TFRecordDataset(str(path)).as_numpy_iterator())
        parsed = [event_pb2.Event.FromString(record) for record in records]
        assert parsed[0].file_version == "brain.Event:2"
        for event in parsed:
            if event.session_log.status == event_pb2.SessionLog.START:
                found = {
                    name: {step: value for step, value in points.items() if step < event.step}
                    for name, points in found.items()
                }
            for value in event.summary.value:
                assert event.step not in found.setdefault(value.tag, {})
                found[value.tag][event.step] = value.simple_value
    return found


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int, int], None]:
    """Tells a notebook of the epochs that a process trains, from one to another."""
    monkeypatch.chdir(tmp_path)

    def tell(kind: str, first: int, last: int) -> None:
        monkeypatch.setenv(live.VARIABLE, kind)
        notebook = Notebook(Path(".scratch/progress/adam-0.json"))
        for epoch in range(first + 1, last + 1):
            notebook.note(progress(epoch, first, ended=False))
            notebook.note(progress(epoch, first))

    return tell


def test_without_being_asked_for_there_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(live.VARIABLE, raising=False)
    Notebook(tmp_path / ".scratch/progress/adam-0.json").note(progress(1, 0))
    live.ended("adam-0", tmp_path / "none.csv")
    assert [path.name for path in tmp_path.iterdir()] == [".scratch"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_was_killed_goes_on_in_the_same_curve(
    kind: str, run: Callable[[str, int, int], None]
) -> None:
    run(kind, 0, 4)
    for path in Path("live/adam-0").rglob("*.tsv"):
        with path.open("a") as file:
            file.write("3\t0.")  # half a line, by the kill
    run(kind, 3, EPOCHS)  # the last checkpoint was that of the third epoch
    live.ended("adam-0", history(Path("history.csv")))
    found = curves(kind, Path("live/adam-0"))
    every = range(1, EPOCHS + 1)
    told = {epoch: accuracy(epoch, 0 if epoch <= 3 else 3) for epoch in every}
    assert found["validation_accuracy"] == pytest.approx(told)
    assert found["images_per_second"] == pytest.approx({epoch: 1000 + epoch for epoch in every})
    assert found["train_loss"] == pytest.approx({epoch: 2 / epoch for epoch in every})
    assert set(found) == {"validation_accuracy", "images_per_second", "train_loss"}


@pytest.mark.parametrize("kind", KINDS)
def test_another_training_of_the_run_has_a_curve_of_its_own(
    kind: str, run: Callable[[str, int, int], None]
) -> None:
    run(kind, 0, 5)
    run(kind, 0, 2)
    assert sorted(curves(kind, Path("live/adam-0"))["validation_accuracy"]) == [1, 2]


@needs_dvclive
def test_half_a_file_of_dvclive_does_not_stop_the_run(
    run: Callable[[str, int, int], None],
) -> None:
    run("dvclive", 0, 2)
    Path("live/adam-0/metrics.json").write_text('{"validation_acc')
    run("dvclive", 1, 3)
    assert read_json(Path("live/adam-0/metrics.json"))["step"] == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_curve_that_cannot_be_written_costs_the_curve_alone(
    kind: str, run: Callable[[str, int, int], None], capsys: pytest.CaptureFixture[str]
) -> None:
    write_text(Path("live"), "a file in the folder's place")
    run(kind, 0, 3)
    live.ended("adam-0", history(Path("history.csv")))
    assert capsys.readouterr().out.startswith("adam-0  live curves end here: ")
    assert read_json(Path(".scratch/progress/adam-0.json"))["epoch"] == 1


@needs_tensorboard
def test_tensorboard_itself_reads_one_curve(run: Callable[[str, int, int], None]) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run("tensorboard", 0, 4)
    run("tensorboard", 3, EPOCHS)
    shown = EventAccumulator("live/adam-0").Reload().Scalars("validation_accuracy")
    assert [event.step for event in shown] == list(range(1, EPOCHS + 1))
    assert shown[3].value == pytest.approx(accuracy(4, 3))


def test_what_is_no_kind_of_curves_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(live.VARIABLE, "wandb\n")
    with pytest.raises(UserError, match=r"^live curves are 'wandb'; allowed: dvclive, tensorb"):
        Notebook(tmp_path / ".scratch/progress/adam-0.json")
    with pytest.raises(UserError, match="allowed"):
        option.ask("")


@pytest.mark.parametrize("kind", live.KINDS)
def test_a_package_that_is_not_there_is_told_with_how_to_get_it(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, kind, raising=False)
    bare = [entry for entry in sys.path if not (Path(entry) / kind).is_dir()]
    monkeypatch.setattr("sys.path", bare)
    with pytest.raises(UserError, match=rf"{kind}; .* -r requirements-extra\.txt"):
        option.ask(kind)


@needs_dvclive
def test_dvc_shows_a_line_for_each_run_in_one_chart(
    run: Callable[[str, int, int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a project of its own: the file is found although each run's folder is ignored by git."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "DVC_"))}

    def call(*command: str) -> str:
        done = subprocess.run(command, env=clean, check=True, capture_output=True, text=True)
        assert "failed" not in done.stderr, done.stderr
        return done.stdout

    call("git", "init", "-q")
    call(sys.executable, "-m", "dvc", "init", "-q")
    call("git", "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-q", "-m", "first")
    monkeypatch.setenv(live.VARIABLE, "dvclive")
    with option.declared(["adam-0", "sgd-0"]):
        run("dvclive", 0, 2)
        shown = call(sys.executable, "-m", "dvc", "plots", "show", "--json")
    assert shown.count('"filename": "adam-0/plots/metrics/validation_accuracy.tsv"') == 2
    assert "live" not in call("git", "status", "--short", "--untracked-files=all")
    assert sorted(path.name for path in Path("live").iterdir()) == ["adam-0", "sgd-0"]
