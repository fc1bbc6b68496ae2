"""dvc.lock outlives an interrupt and a kill: records are finished, a damaged file comes back."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runner import dvc, graph, pool, safeguard
from runner.graph import StudyError

GOOD = dvc.write({"schema": "2.0", "stages": {"train@adam-0": {"cmd": "python x"}}})
OLDER = dvc.write({"schema": "2.0", "stages": {}})
LOCK, KEPT = Path("dvc.lock"), Path(".dvc/tmp/dvc.lock")
HALVES = {
    "empty": "",
    "cut in a word": GOOD[: len(GOOD) // 2],
    "cut after the schema": GOOD[: GOOD.index("stages")].replace("schema", "sche"),
    "null": "null\n",
    "a list": "- 1\n",
    "stages that are none": "schema: '2.0'\nstages: 3\n",
    "marks of a merge": f"<<<<<<< HEAD\n{GOOD}=======\n{OLDER}>>>>>>> other\n",
    "noughts": "\0" * 4096,
}


@pytest.fixture(autouse=True)
def _in_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".dvc/tmp").mkdir(parents=True)


def test_without_a_lock_file_nothing_is_done() -> None:
    assert safeguard.restore() is None
    assert not LOCK.exists()
    assert not KEPT.exists()


def test_where_dvc_has_not_worked_yet_git_has_the_copy() -> None:
    KEPT.parent.rmdir()
    LOCK.write_text(GOOD)
    assert safeguard.restore() is None
    assert not KEPT.parent.exists()


def test_a_good_lock_file_is_kept() -> None:
    LOCK.write_text(OLDER)
    assert safeguard.restore() is None
    assert KEPT.read_text() == OLDER
    LOCK.write_text(GOOD)
    assert safeguard.restore() is None
    assert KEPT.read_text() == LOCK.read_text() == GOOD


@pytest.mark.parametrize("half", HALVES)
def test_a_damaged_lock_file_comes_back_with_one_line(half: str) -> None:
    safeguard.keep(GOOD)
    LOCK.write_text(HALVES[half])
    told = safeguard.restore()
    assert told == (
        "dvc.lock was damaged: the last good copy is back, the damaged one is dvc.lock.damaged"
    )
    assert LOCK.read_text() == KEPT.read_text() == GOOD
    assert Path("dvc.lock.damaged").read_text() == HALVES[half]
    assert safeguard.restore() is None


def test_bytes_that_are_no_text_are_damage_too() -> None:
    safeguard.keep(GOOD)
    LOCK.write_bytes(b"schema: \xff")
    assert safeguard.restore()
    assert LOCK.read_text() == GOOD


@pytest.mark.parametrize("kept", [None, "", "schema: ["])
def test_without_a_copy_one_line_says_what_to_do(kept: str | None) -> None:
    LOCK.write_text("schema: [")
    if kept is not None:
        KEPT.write_text(kept)
    with pytest.raises(StudyError, match=r"^dvc.lock is damaged .*`git checkout dvc.lock`"):
        safeguard.restore()
    assert LOCK.read_text() == "schema: ["


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_waits_until_the_records_are_written(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    done = []
    with pytest.raises(KeyboardInterrupt), dvc.deferred():  # noqa: PT012
        os.kill(os.getpid(), number)
        time.sleep(0.01)
        done.append("records")
    assert done == ["records"]
    assert signal.getsignal(number) is before


def test_a_stage_that_failed_says_so_and_not_that_it_was_interrupted() -> None:
    with pytest.raises(ValueError, match="failed"), dvc.deferred():  # noqa: PT012
        os.kill(os.getpid(), signal.SIGINT)
        raise ValueError("failed")


def test_an_interrupted_command_is_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed at once it could not write what it has to."""
    code = (
        "import signal, sys, time, pathlib\n"
        "def end(*_):\n time.sleep(1); pathlib.Path('written').touch(); sys.exit(3)\n"
        "signal.signal(signal.SIGINT, end); pathlib.Path('begun').touch(); time.sleep(60)"
    )
    starter = (
        "import signal, sys; sys.path.insert(0, sys.argv[1]); from runner import graph, pool\n"
        "pool.stop_on_signals(); graph._status([sys.executable, '-S', '-c', sys.argv[2]])"
    )
    root = str(Path(__file__).parents[2])
    process = subprocess.Popen(
        [sys.executable, "-c", starter, root, code], stderr=subprocess.DEVNULL
    )
    while not Path("begun").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) != 0
    assert Path("written").exists()


def test_the_patience_with_dvc_is_long_enough_for_its_records() -> None:
    assert pool.GRACE >= 10
    assert graph.DVC[-1] == "runner.dvc"


@pytest.mark.parametrize("command", ["check", "experiments", "keep", "verify", "__main__"])
def test_every_command_that_reads_the_lock_file_looks_at_it_first(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [command])
    monkeypatch.setattr(pool, "stop_on_signals", lambda: None)
    main = importlib.import_module(f"runner.{command}").main
    LOCK.write_text(HALVES["cut in a word"])
    with pytest.raises(StudyError, match="is damaged and there is no copy of it"):
        main()
    safeguard.keep(GOOD)
    with pytest.raises((StudyError, OSError)):  # there is no study here
        main()
    assert "the last good copy is back" in capsys.readouterr().out
    assert LOCK.read_text() == GOOD
