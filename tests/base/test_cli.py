"""A stage's mistakes are one line, its defects a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ablation.base.cli import run
from ablation.base.errors import UserError


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
