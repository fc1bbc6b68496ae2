"""Commands side by side, each with a log, all stopped together."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

GRACE = 10.0  # seconds a command has to stop after an interrupt before it is killed
POLL = 0.2  # seconds between two looks at the processes


@dataclass
class State:
    """Which commands wait, run (since when, monotonic seconds), are done and have failed.

    `seconds` are those that each done one took. Where other machines run them, `where` names the
    one of each, `idle` are those that run none, and `happened` says what befell them, line by line.
    """

    waiting: list[str]
    running: dict[str, float] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    where: dict[str, str] = field(default_factory=dict)
    idle: list[str] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)

    def end(self, name: str, well: bool) -> None:
        """Notes that a command has ended."""
        self.seconds[name] = time.monotonic() - self.running.pop(name)
        (self.done if well else self.failed).append(name)


def stop_on_signals() -> None:
    """A closed terminal or `kill` stops the commands as Ctrl-C does.

    A shell's background job ignores interrupts and hands that on to its children, hence SIGINT too.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


def run(
    commands: Mapping[str, Sequence[str]],
    places: Sequence[Mapping[str, str]],
    logs: Path,
    show: Callable[[State], None],
    needed: Collection[str] = (),
) -> State:
    """Runs the commands, one at a time in each place, and goes on when one fails.

    Every other place takes from the front of the order and the rest from its end. In an order
    from long to short this keeps heavy commands beside light ones, which share a processor's
    caches and memory better than two heavy ones, and leaves no long one for the end.

    Args:
        commands: name -> command, the longest first; its output goes to `logs`/NAME.log.
        places: what each has set in its environment, a device say; one command runs in each.
        show: called a few times a second with the state.
        needed: names of commands whose failure makes the others pointless: they are stopped, and
            stay `running` and `waiting` in the state.

    Raises:
        KeyboardInterrupt: after the running commands were interrupted and have ended.
    """
    logs.mkdir(parents=True, exist_ok=True)
    state = State(list(commands))
    taken: dict[int, tuple[str, subprocess.Popen[bytes]]] = {}
    try:
        while state.waiting or taken:
            for place, settings in enumerate(places):
                if place not in taken and state.waiting:
                    name = state.waiting.pop(0 if place % 2 == 0 else -1)
                    log = logs / f"{name}.log"
                    taken[place] = (name, start(commands[name], log, settings))
                    state.running[name] = time.monotonic()
            for place, (name, process) in list(taken.items()):
                if process.poll() is not None:
                    del taken[place]
                    state.end(name, process.returncode == 0)
            show(state)
            if any(name in needed for name in state.failed):
                break
            time.sleep(POLL)
    finally:
        stop([process for _, process in taken.values()])
    return state


def start(
    command: Sequence[str], log: Path, settings: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Starts a command in a session of its own, so that an interrupt reaches it and all its
    children through `stop` alone."""
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **settings},
        )


def stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Interrupts the processes with all their children, and kills what does not stop in time."""
    for number in (signal.SIGINT, signal.SIGTERM):
        for process in processes:
            if process.poll() is None:
                os.killpg(process.pid, number)
        deadline = time.monotonic() + GRACE
        while any(p.poll() is None for p in processes) and time.monotonic() < deadline:
            time.sleep(0.05)
    for process in processes:
        # A child may outlive its leader, so the group is ended whether or not the leader is gone.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
