"""Commands side by side: real processes, their order, their logs and how they are stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runner import pool
from runner.pool import State

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "POLL", 0.02)


def python(code: str) -> list[str]:
    return [sys.executable, "-S", "-c", code]


def appending(path: Path, text: str, seconds: float = 0.0) -> list[str]:
    """A command that notes `text` when it starts and when it ends."""
    return python(
        f"import time\n"
        f"def note(what):\n"
        f"    with open({str(path)!r}, 'a') as file: file.write(what + '\\n')\n"
        f"note('start {text}'); time.sleep({seconds}); note('end {text}')"
    )


def until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and is not yet waited for does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    try:
        return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_one_at_a_time_keeps_the_order(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    commands = {name: appending(notes, name) for name in ("c", "a", "b")}
    state = pool.run(commands, [{}] * 1, tmp_path / "logs", lambda _: None)
    assert state.done == ["c", "a", "b"]
    assert state.waiting == []
    assert state.running == {}
    assert state.failed == []
    assert notes.read_text().split("\n")[:-1] == [
        f"{what} {name}" for name in ("c", "a", "b") for what in ("start", "end")
    ]


def test_every_other_place_takes_the_lightest(tmp_path: Path) -> None:
    """The commands come longest first; beside the longest run the lightest, one after another."""
    notes = tmp_path / "notes"
    commands = {name: appending(notes, name, 1.5 if name == "a" else 0.0) for name in "abcd"}
    state = pool.run(commands, [{}] * 2, tmp_path / "logs", lambda _: None)
    assert state.done == ["d", "c", "b", "a"]


def test_at_most_so_many_run_at_a_time_and_as_many_as_may(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    commands = {name: appending(notes, name, 0.3) for name in "abcde"}
    most: list[int] = []

    def show(state: State) -> None:
        most.append(len(state.running))
        names = [*state.waiting, *state.running, *state.done, *state.failed]
        assert sorted(names) == list("abcde")

    state = pool.run(commands, [{}] * 2, tmp_path / "logs", show)
    assert sorted(state.done) == list("abcde")
    assert max(most) == 2
    running = highest = 0
    for line in notes.read_text().splitlines():
        running += 1 if line.startswith("start") else -1
        highest = max(highest, running)
    assert highest == 2


def test_a_failure_stops_no_other(tmp_path: Path) -> None:
    commands = {
        "first": python("raise SystemExit(3)"),
        "second": python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"),
        "third": python("pass"),
    }
    state = pool.run(commands, [{}] * 1, tmp_path / "logs", lambda _: None)
    assert state.failed == ["first", "second"]
    assert state.done == ["third"]


def test_a_failure_of_what_is_needed_stops_the_others(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    commands = {
        "check": python(  # fails once the other has started
            f"import os, time\n"
            f"while not os.path.exists({str(notes)!r}): time.sleep(0.01)\n"
            f"raise SystemExit(1)"
        ),
        "late": appending(notes, "late"),
        "long": appending(notes, "long", 600.0),
    }
    started = time.monotonic()
    state = pool.run(commands, [{}] * 2, tmp_path / "logs", lambda _: None, needed=("check",))
    assert time.monotonic() - started < 60.0
    assert state.failed == ["check"]
    assert (list(state.running), state.waiting, state.done) == (["long"], ["late"], [])
    assert "end" not in notes.read_text()


def test_each_command_s_output_goes_to_its_log_at_once(tmp_path: Path) -> None:
    commands = {
        name: python(f"import sys; print('out {name}'); print('error {name}', file=sys.stderr)")
        for name in "ab"
    }
    pool.run(commands, [{}] * 2, tmp_path / "deep" / "logs", lambda _: None)
    for name in "ab":
        log = (tmp_path / "deep" / "logs" / f"{name}.log").read_text()
        assert log == f"out {name}\nerror {name}\n"
    pool.run({"a": python("print('again')")}, [{}] * 1, tmp_path / "deep" / "logs", lambda _: None)
    assert (tmp_path / "deep" / "logs" / "a.log").read_text() == "again\n"


def test_output_is_in_the_log_while_the_command_runs(tmp_path: Path) -> None:
    seen: list[str] = []

    def show(state: State) -> None:
        if state.running:
            seen.append((tmp_path / "a.log").read_text())

    pool.run(
        {"a": python("print('started'); import time; time.sleep(0.5)")}, [{}] * 1, tmp_path, show
    )
    assert "started\n" in seen


def test_a_command_cannot_wait_for_a_person(tmp_path: Path) -> None:
    state = pool.run({"a": python("input()")}, [{}] * 1, tmp_path, lambda _: None)
    assert state.failed == ["a"]


def test_no_commands_are_no_work(tmp_path: Path) -> None:
    state = pool.run({}, [{}] * 2, tmp_path / "logs", lambda _: None)
    assert (state.done, state.failed) == ([], [])


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_whatever_ends_the_pool_ends_its_commands(
    error: type[BaseException], tmp_path: Path
) -> None:
    """A grandchild writes its number, as a training run below DVC would."""
    family = python(
        "import subprocess, sys, os\n"
        "child = subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(60)'])\n"
        "print(os.getpid(), child.pid)\n"
        "child.wait()"
    )
    pids: list[int] = []

    def show(state: State) -> None:
        logs = [tmp_path / f"{name}.log" for name in state.running]
        numbers = " ".join(log.read_text() for log in logs).split()
        if len(numbers) == 4:
            pids.extend(int(number) for number in numbers)
            raise error

    with pytest.raises(error):
        pool.run({"a": family, "b": family, "c": family}, [{}] * 2, tmp_path, show)
    assert len(pids) == 4
    assert until(lambda: not any(alive(pid) for pid in pids))
    assert len(list(tmp_path.glob("*.log"))) == 2  # the third never started


POOL = """
import sys
from pathlib import Path
from runner import pool

pool.POLL = 0.05
pool.GRACE = 0.5
family = [sys.executable, "-S", "-c", sys.argv[2]]
pool.stop_on_signals()
try:
    pool.run({"a": family, "b": family}, [{}] * 2, Path(sys.argv[1]), lambda _: None)
except KeyboardInterrupt:
    sys.exit("interrupted")
"""
FAMILY = """
import os, signal, subprocess, sys
{before}
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
print(os.getpid(), child.pid, flush=True)
while True:
    try:
        child.wait()
    except KeyboardInterrupt:
        {interrupted}
"""


@pytest.mark.parametrize(
    ("before", "interrupted"),
    [
        ("", "raise"),
        ("", "os._exit(0)"),  # leaves its child to the pool
        ("signal.signal(signal.SIGINT, signal.SIG_IGN)", "raise"),
        (
            "signal.signal(signal.SIGINT, signal.SIG_IGN); "
            "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
            "raise",
        ),
    ],
    ids=["ends", "leaves its child", "ignores an interrupt", "must be killed"],
)
def test_an_interrupted_runner_leaves_nothing_behind(
    before: str, interrupted: str, tmp_path: Path
) -> None:
    family = FAMILY.format(before=before, interrupted=interrupted)
    runner = subprocess.Popen(
        [sys.executable, "-c", POOL, str(tmp_path), family],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # as a terminal's interrupt, which the commands do not get
    )
    pids: list[int] = []
    try:

        def started() -> bool:
            logs = [tmp_path / f"{name}.log" for name in "ab"]
            numbers = " ".join(log.read_text() for log in logs if log.exists()).split()
            pids[:] = [int(number) for number in numbers]
            return len(pids) == 4

        assert until(started)
        assert all(alive(pid) for pid in pids)
        runner.send_signal(signal.SIGINT)
        _, errors = runner.communicate(timeout=20)
        assert errors.splitlines()[-1] == "interrupted"
        assert until(lambda: not any(alive(pid) for pid in pids), 3.0)
    finally:
        runner.kill()
        for pid in pids:
            if alive(pid):
                os.kill(pid, signal.SIGKILL)


def test_each_place_has_what_is_set_for_it(tmp_path: Path) -> None:
    code = "import os, time; print(os.environ['DEVICE']); time.sleep(0.3)"
    places = [{"DEVICE": "first"}, {"DEVICE": "second"}]
    state = pool.run({"a": python(code), "b": python(code)}, places, tmp_path, lambda _: None)
    assert [(tmp_path / f"{name}.log").read_text() for name in "ab"] == ["first\n", "second\n"]
    assert all(0.3 <= state.seconds[name] < 10 for name in "ab")
