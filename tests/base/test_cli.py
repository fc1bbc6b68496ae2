"""Whatever a stage ends with is one line."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ablation.base.cli import run, seed
from ablation.base.errors import UserError
from tests.params import ROOT


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["train", "baseline", "7"])


def ended(error: BaseException) -> str:
    """The line that a stage ends with whose work raises `error`."""

    def main(arm: str, seed: int) -> None:
        raise error

    with pytest.raises(SystemExit) as end:
        run("train", main, arm=str, seed=seed)
    line = str(end.value.code)
    assert "\n" not in line
    return line


def test_a_stage_that_succeeds_just_ends() -> None:
    done: list[tuple[str, int]] = []
    run("train", lambda arm, seed: done.append((arm, seed)), arm=str, seed=seed)
    assert done == [("baseline", 7)]


def test_a_mistake_is_told_alone() -> None:
    assert ended(UserError("seeds = 0; allowed: a list")) == "train: seeds = 0; allowed: a list"
    assert "interrupted" in ended(KeyboardInterrupt())
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert ended(full).endswith("No space left on device")
    missing = ended(FileNotFoundError(errno.ENOENT, "No such file", "data/a.npy"))
    assert missing == (
        "train: data/a.npy is missing; `dvc repro` makes it, or `git checkout data/a.npy` brings "
        "it back"
    )
    assert ended(OSError("10 requested and 5 written")).endswith("10 requested and 5 written")
    assert not Path("logs").exists()


def test_a_defect_is_told_with_its_place_and_its_traceback_kept() -> None:
    line = ended(KeyError("no\nsuch key"))
    log = Path("logs/train-baseline-7.traceback.txt")
    assert line.startswith("train: KeyError: ")
    assert " (test_cli.py:" in line
    assert line.endswith(f"the traceback is in {log}")
    assert log.read_text().startswith("Traceback")
    assert "raise error" in log.read_text()


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ([], "train: 0 arguments instead of 2; usage: python -m base.test_cli ARM SEED"),
        (["a", "one"], "train: SEED = 'one'; allowed: a whole number from 0 to 4294967295"),
        (["a", "-1"], "SEED = '-1'"),
        (["a", "4294967296"], "SEED = '4294967296'"),
    ],
    ids=str,
)
def test_wrong_arguments_are_one_line_with_the_usage(
    texts: list[str],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["train", *texts])
    with pytest.raises(SystemExit) as error:
        run("train", lambda arm, seed: None, arm=str, seed=seed)
    assert error.value.code == 2
    written = capsys.readouterr().err
    assert told in written
    assert written.count("\n") == 1


def test_help_is_what_the_stage_does(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stages.split", "--help"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: python -m stages.split\n\n")
    assert len(done.stdout.splitlines()) > 2
    assert list(tmp_path.iterdir()) == []


def test_what_a_notebook_sets_for_matplotlib_changes_nothing() -> None:
    subprocess.run(
        [sys.executable, "-c", "import ablation.base.cli, matplotlib.pyplot"], cwd=ROOT, check=True,
        env={**os.environ, "MPLBACKEND": "module://matplotlib_inline.backend_inline"},
    )  # fmt: skip
