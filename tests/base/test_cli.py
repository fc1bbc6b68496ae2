"""A stage's mistakes are one line, its defects a traceback."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ablation.base.cli import run, seed
from ablation.base.errors import UserError
from ablation.base.files import write_text

ROOT = Path(__file__).resolve().parents[2]
STAGES = sorted(path.stem for path in (ROOT / "stages").glob("*.py") if path.stem != "__init__")


@pytest.fixture(autouse=True)
def _no_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["split"])


def raising(error: BaseException) -> None:
    def main() -> None:
        raise error

    run("split", main)


def test_a_stage_that_succeeds_just_ends() -> None:
    done: list[int] = []
    run("split", lambda: done.append(1))
    assert done == [1]


def test_a_missing_file_names_itself_and_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as error:
        run("split", lambda: print((tmp_path / "labels.npy").read_bytes()))
    assert str(error.value.code).startswith(f"split: {tmp_path / 'labels.npy'} is missing")
    assert "dvc repro" in str(error.value.code)


def test_a_wrong_value_is_one_line() -> None:
    with pytest.raises(SystemExit) as error:
        raising(UserError("seeds = 0; allowed: a list"))
    assert error.value.code == "split: seeds = 0; allowed: a list"


def test_an_interrupt_says_how_to_go_on() -> None:
    with pytest.raises(SystemExit) as error:
        raising(KeyboardInterrupt())
    assert "interrupted" in str(error.value.code)
    assert "\n" not in str(error.value.code)


@pytest.mark.parametrize(
    "error", [TypeError("x"), ValueError("x"), KeyError("x"), FileNotFoundError("no such thing")]
)
def test_a_defect_keeps_its_traceback(error: Exception) -> None:
    with pytest.raises(type(error)):
        raising(error)


def test_a_failure_without_a_file_is_told_in_the_system_s_words() -> None:
    with pytest.raises(SystemExit) as error:
        raising(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert error.value.code == "split: No space left on device"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a disk that is always full")
def test_a_full_disk_names_the_file(tmp_path: Path) -> None:
    """What is written goes to /dev/full, where every write fails as on a full disk."""

    def main() -> None:
        from ablation.base.files import replacing

        with replacing(tmp_path / "a.txt"), open("/dev/full", "w") as full:
            full.write("text")

    with pytest.raises(SystemExit) as error:
        run("split", main)
    assert error.value.code == f"split: {tmp_path / 'a.txt'}: No space left on device"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_place_of_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(SystemExit) as error:
        run("split", lambda: write_text(tmp_path / "a.txt", "text"))
    assert error.value.code == f"split: {tmp_path / 'a.txt'}: Is a directory"
    (tmp_path / "b").write_text("a file in the place of a folder")
    with pytest.raises(SystemExit) as error:
        run("split", lambda: write_text(tmp_path / "b" / "c" / "a.txt", "text"))
    assert str(error.value.code).startswith(f"split: {tmp_path / 'b'}")
    assert str(error.value.code).endswith("Not a directory")


def test_too_little_memory_is_one_line() -> None:
    with pytest.raises(SystemExit) as error:
        raising(MemoryError("Unable to allocate 9 EiB"))
    assert "more memory than this machine has (Unable to allocate 9 EiB)" in str(error.value.code)


def given(monkeypatch: pytest.MonkeyPatch, *texts: str) -> list[tuple[str, int]]:
    """What a stage with the arguments ARM SEED is called with for this command line."""
    called: list[tuple[str, int]] = []

    def main(arm: str, seed: int) -> None:
        """Not the help."""
        called.append((arm, seed))

    monkeypatch.setattr("sys.argv", ["train", *texts])
    run("train", main, arm=str, seed=seed)
    return called


def test_arguments_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert given(monkeypatch, "baseline", "7") == [("baseline", 7)]


@pytest.mark.parametrize("asked", [["--help"], ["-h"], ["baseline", "--help"]], ids=str)
def test_help_is_what_the_stage_does(
    asked: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert given(monkeypatch, *asked) == []
    told = capsys.readouterr().out
    assert told.splitlines()[0] == "usage: python -m stages.train ARM SEED"
    assert __doc__ in told


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ([], "train: 0 arguments instead of 2; usage: python -m stages.train ARM SEED"),
        (["a", "0", "1"], "train: 3 arguments instead of 2; usage"),
        (["a", "one"], "train: SEED = 'one'; allowed: a whole number from 0 to 4294967295"),
        (["a", "-1"], "SEED = '-1'"),
        (["a", "1.0"], "SEED = '1.0'"),
        (["a", "\u0663"], "SEED = "),
        (["a", "4294967296"], "SEED = '4294967296'"),
        (["a", "9" * 5000], "99..."),
    ],
    ids=lambda value: str(value)[:20],
)
def test_wrong_arguments_are_one_line_with_the_usage(
    texts: list[str],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as error:
        given(monkeypatch, *texts)
    assert error.value.code == 2
    written = capsys.readouterr().err
    assert told in written
    assert written.endswith("usage: python -m stages.train ARM SEED\n")
    assert written.count("\n") == 1
    assert len(written) < 300


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_says_what_it_does_and_does_nothing(stage: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", f"stages.{stage}", "--help"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: python -m stages.{stage}")
    assert len(done.stdout.splitlines()) > 2
    assert list(tmp_path.iterdir()) == []


def test_a_failed_stage_exits_with_status_1() -> None:
    code = (
        "from ablation.base.cli import run\nfrom ablation.base.errors import UserError\n"
        "def main(): raise UserError('wrong')\nrun('split', main)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr == "split: wrong\n"
