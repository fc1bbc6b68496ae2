"""Trains runs on this machine, side by side, each in a process of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO

from runner.jobs import Job, Outcome

LOGS = Path("logs")
GRACE = 10.0  # seconds that a process has to stop after an interrupt before it is killed
STOPPING = [signal.SIGINT, signal.SIGTERM]
if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as it is under nohup
    STOPPING.append(signal.SIGHUP)
# A run ends with the process that started it, even where that is killed: the next would train the
# same run. (1 is PR_SET_PDEATHSIG of Linux; elsewhere such a run trains to its end.)
BOUND = "import ctypes,os,sys; ctypes.CDLL(None).prctl(1, 9); os.execv(sys.argv[1], sys.argv[1:])"


class Local:
    """Runs side by side; leaving the block stops those that have not ended.

    Attributes:
        places: how many at a time.
    """

    def __init__(self, environments: Sequence[Mapping[str, str]]) -> None:
        """`environments`: what a run has set in each place, a device say."""
        self.places = len(environments)
        self._free: SimpleQueue[Mapping[str, str]] = SimpleQueue()
        for environment in environments:
            self._free.put(environment)
        self._threads = ThreadPoolExecutor(self.places)
        self._running: set[subprocess.Popen[bytes]] = set()
        self._starting = threading.Lock()
        self._closed = False

    def __enter__(self) -> Local:
        LOGS.mkdir(exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        with self._starting:
            self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        stop(self._running)
        self._threads.shutdown()

    def submit(self, job: Job) -> Future[Outcome]:
        return self._threads.submit(self._run, job)

    def _run(self, job: Job) -> Outcome:
        environment, log = self._free.get(), LOGS / f"{job.key}.log"
        try:
            with self._starting:
                if self._closed:
                    return Outcome(job.key, -signal.SIGINT, "")
                clear(job.outs)
                process = start_run(job.command, environment, log)
                self._running.add(process)
            status = process.wait()
            self._running.discard(process)
        finally:
            self._free.put(environment)
        return Outcome(job.key, status, log.read_text(encoding="utf-8", errors="replace"))


def clear(outs: Iterable[str]) -> None:
    """Removes what is at these paths, as DVC does before a stage runs. What links lead to stays."""
    for out in map(Path, outs):
        if out.is_dir() and not out.is_symlink():
            shutil.rmtree(out)
        else:
            out.unlink(missing_ok=True)


def start_run(
    command: Sequence[str], environment: Mapping[str, str], log: Path, folder: Path | None = None
) -> subprocess.Popen[bytes]:
    """Starts a run's `python ...` with this Python; what it says goes to `log`."""
    own = [sys.executable, *command[1:]]
    bound = [sys.executable, "-c", BOUND] if sys.platform == "linux" else []
    with log.open("wb") as output:
        return start([*bound, *own], {"PYTHONUNBUFFERED": "1", **environment}, output, folder)


def start(
    command: Sequence[str],
    environment: Mapping[str, str],
    output: BinaryIO | None = None,
    folder: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Starts a command in a session of its own, so that an interrupt of the terminal reaches it
    through `stop` alone."""
    return subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
        start_new_session=True,
        env={**os.environ, **environment},
    )


def call(command: Sequence[str]) -> int:
    """The exit status of a command whose output is shown."""
    process = start(command, {})
    try:
        return process.wait()
    except KeyboardInterrupt:
        stop([process])
        raise


def stop(processes: Iterable[subprocess.Popen[bytes]]) -> None:
    """Interrupts the processes with all their children, and kills what does not stop in time."""
    started = list(processes)
    for process in started:
        if process.poll() is None:
            with suppress(ProcessLookupError):  # it may end at this moment
                os.killpg(process.pid, signal.SIGINT)
    deadline = time.monotonic() + GRACE
    while any(p.poll() is None for p in started) and time.monotonic() < deadline:
        time.sleep(0.05)
    for process in started:
        # A child may outlive its leader, so the group is ended whether or not the leader is gone.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def cores() -> int:
    """The processor cores that this process may use, where the system tells; else all."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
