"""What a person gives to make reaches the program as it is, and no part of it is a command."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.__main__ import number, split
from runner.graph import StudyError

MAKEFILE = Path(__file__).parents[2] / "Makefile"
# An environment whose python says what it was called with.
ACTIVATE = 'python() { printf "%s\\n" "$@"; }\n'

Make = Callable[..., list[str]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Calls make in a folder of its own and gives the arguments that python was called with."""
    shutil.copy(MAKEFILE, tmp_path)
    for name in ("", "-gpu", "-extra", "-cluster"):
        pins = f"requirements{name}.txt"
        (tmp_path / pins).touch()
        os.utime(tmp_path / pins, (0, 0))  # older than the environments
    for folder in (".venv/bin", ".venv-gpu/bin"):
        (tmp_path / folder).mkdir(parents=True)
        for installed in (".installed", ".extra", ".cluster"):
            (tmp_path / folder / installed).touch()
        (tmp_path / folder / "activate").write_text(ACTIVATE)

    def call(*arguments: str, environment: dict[str, str] | None = None) -> list[str]:
        outer = {name: text for name, text in os.environ.items() if not name.startswith("MAKE")}
        done = subprocess.run(
            ["make", "--silent", *arguments],
            cwd=tmp_path, env=outer | (environment or {}),
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        assert not (tmp_path / "pwned").exists(), arguments
        return done.stdout.splitlines()

    return call


def test_without_anything_the_runner_is_called_alone(make: Make) -> None:
    assert make("repro") == ["-m", "runner"]


def test_every_choice_reaches_the_runner(make: Make) -> None:
    assert make("repro", "SCALE=smoke", "JOBS=2", "GPU=1", "FORCE=1", "LIVE=dvclive") == [
        "-m", "runner", "--scale=smoke", "--jobs=2", "--gpu", "--force", "--live=dvclive",
    ]  # fmt: skip


def test_a_cluster_is_named_by_its_scheduler(make: Make) -> None:
    assert make("repro", "SCHEDULER=tcp://host:8786", "GIT=/a b", "NETWORKS=1") == [
        "-m", "runner", "--scheduler=tcp://host:8786", "--git=/a b", "--networks",
    ]  # fmt: skip


EVIL = [
    "x; touch pwned",
    "x & touch pwned",
    "x | touch pwned",
    "`touch pwned`",
    "$(touch pwned)",
    "$$(touch pwned)",
    "$(shell touch pwned)",
    "$(file >pwned)",
    "'; touch pwned; '",
    '"; touch pwned; "',
    "x > pwned",
    "$(eval $(shell touch pwned))",
]


@pytest.mark.parametrize("text", EVIL)
def test_no_part_of_a_value_is_run(make: Make, text: str) -> None:
    assert make("repro", f"SCALE={text}") == ["-m", "runner", f"--scale={text}"]
    assert make("repro", f"SCHEDULER={text}") == ["-m", "runner", f"--scheduler={text}"]
    assert make("repro", f"JOBS={text}") == ["-m", "runner", f"--jobs={text}"]
    assert make("repro", f"LIVE={text}") == ["-m", "runner", f"--live={text}"]
    assert make("exp", f"SET={text}") == ["-m", "runner", f"--changes={text}"]
    assert make("bench", f"PART={text}") == ["-m", "bench", "--part", *text.split()]
    assert make("repro", environment={"SCALE": text})[2:] == [f"--scale={text}"]
    for name in ("RUN", "ARMS", "GPU", "FORCE", "options", "activated", "more"):
        assert make("repro", f"{name}={text}")[:2] == ["-m", "runner"]


def test_a_second_line_is_no_second_command(make: Make) -> None:
    assert make("repro", "JOBS=2\ntouch pwned") == ["-m", "runner", "--jobs=2 touch pwned"]
    assert make("exp", "SET=a=1\ntouch pwned") == ["-m", "runner", "--changes=a=1 touch pwned"]


def test_changes_may_be_several_and_quoted() -> None:
    assert split("train.optimizer=adam seeds=[0,1]") == ["train.optimizer=adam", "seeds=[0,1]"]
    assert split("arms.adam.label='two words'") == ["arms.adam.label=two words"]
    for text, told in (("a='b", "a quote is not closed"), ("  ", "SET is empty")):
        with pytest.raises(StudyError, match=told):
            split(text)


@pytest.mark.parametrize("text", ["0", "-1", "two", "2; touch x", "1e3", "", "9" * 5000])
def test_what_is_no_number_of_runs_is_refused(text: str) -> None:
    with pytest.raises(StudyError, match=r"^JOBS is .*; allowed: a whole number") as error:
        number(text)
    assert len(str(error.value)) < 150


def test_a_number_of_runs() -> None:
    assert number("12") == 12


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["repro", "SCAEL=laptop"], "there is no SCAEL=; there are SET SCALE SCHEDULER"),
        (["repo"], "there is no command 'repo'; `make help` lists them"),
        (["repro", "scale=smoke"], "there is no scale=; there are SET SCALE SCHEDULER"),
    ],
)
def test_a_name_that_is_none_is_refused_before_anything_runs(
    make: Make, arguments: list[str], told: str
) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        make(*arguments)
    assert told in refused.value.stderr
    assert refused.value.stdout == ""
