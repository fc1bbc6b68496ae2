"""The commands of a run as processes of a worker, which end with it and with who wants them."""

from __future__ import annotations

import ctypes
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

POLL = 0.3  # seconds between two looks at a process
GRACE = 10.0  # seconds a process has to stop before it is killed


def status_of(
    commands: Sequence[str],
    place: Path,
    variables: Mapping[str, str],
    log: Path,
    wanted: Callable[[], bool],
    tell: Callable[[], None],
) -> int | None:
    """Runs commands one after another; the first status that is not 0, None where stopped.

    Args:
        commands: each `python ...`, for this worker's own Python.
        place: the folder that they run in.
        log: gets what they say.
        wanted: whether to go on; asked a few times a second, after which `tell` is called.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def with_its_worker() -> None:
        """The kernel ends the process when the worker dies: two of them would train one run."""
        if libc is not None:
            libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG

    for command in commands:
        with log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, *shlex.split(command)[1:]],
                cwd=place, env=variables, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=with_its_worker,
            )  # fmt: skip
        try:
            while process.poll() is None:
                if not wanted():
                    return None
                tell()
                time.sleep(POLL)
        finally:
            _stop(process)
        if process.returncode != 0:
            return process.returncode
    return 0


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ends a process that still runs, with its children."""
    for number in (signal.SIGINT, signal.SIGKILL):
        deadline = time.monotonic() + GRACE
        if process.poll() is None:
            os.killpg(process.pid, number)
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
