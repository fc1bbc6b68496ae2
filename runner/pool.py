"""Commands side by side, each with a log, all stopped together."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

GRACE = 10.0  # seconds a command has to stop after an interrupt before it is killed
POLL = 0.5  # seconds between two looks at the processes


@dataclass
class State:
    """Which commands wait, run (since when, monotonic seconds), are done and have failed."""

    waiting: list[str]
    running: dict[str, float] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def run(
    commands: Mapping[str, Sequence[str]],
    jobs: int,
    logs: Path,
    show: Callable[[State], None],
) -> State:
    """Runs the commands in the given order, at most `jobs` at a time, and goes on when one fails.

    Args:
        commands: name -> command; its output goes to `logs`/NAME.log.
        show: called about twice a second with the state.

    Raises:
        KeyboardInterrupt: after the running commands were interrupted and have ended.
    """
    logs.mkdir(parents=True, exist_ok=True)
    state = State(list(commands))
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        while state.waiting or processes:
            while state.waiting and len(processes) < jobs:
                name = state.waiting.pop(0)
                with (logs / f"{name}.log").open("wb") as log:
                    # A session of its own: an interrupt reaches a command through `_stop` alone,
                    # with all its children.
                    processes[name] = subprocess.Popen(
                        commands[name],
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        start_new_session=True,
                        env={**os.environ, "PYTHONUNBUFFERED": "1"},
                    )
                state.running[name] = time.monotonic()
            for name, process in list(processes.items()):
                if process.poll() is not None:
                    del processes[name], state.running[name]
                    (state.done if process.returncode == 0 else state.failed).append(name)
            show(state)
            time.sleep(POLL)
    finally:
        _stop(processes.values())
    return state


def _stop(processes: object) -> None:
    alive = [p for p in processes if p.poll() is None]  # type: ignore[attr-defined]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        for process in alive:
            os.killpg(process.pid, number)
        deadline = time.monotonic() + GRACE
        while alive and time.monotonic() < deadline:
            alive = [p for p in alive if p.poll() is None]
            time.sleep(0.05)
        if not alive:
            return
