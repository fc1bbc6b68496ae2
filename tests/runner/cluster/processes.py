"""A Dask scheduler and workers on this machine, each a process in a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from runner.cluster.connection import SETTINGS, Connection

SCHEDULER = "scheduler"
PATIENCE = 600.0  # seconds for what takes a few on a machine that is not busy


class Processes:
    """They are killed when the block is left."""

    def __init__(self, folder: Path, configuration: Path | None = SETTINGS) -> None:
        self._folder, self._file = folder, folder / "scheduler.json"
        folder.mkdir(parents=True)
        self._environment = {k: v for k, v in os.environ.items() if not k.startswith("DASK_")}
        if configuration:
            self._environment["DASK_CONFIG"] = str(configuration)
        self._environment.pop("PYTHONPATH", None)  # a worker has nothing of the project
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Processes:
        self._scheduler("0")
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self._running):
            self.kill(name)

    @property
    def address(self) -> str:
        return str(json.loads(self._file.read_text())["address"])

    def worker(self, name: str, folder: str | None = None) -> Path:
        """Starts a worker with one thread; its folder, which another may have too."""
        path = self._folder / (folder or name)
        path.mkdir(exist_ok=True)
        self._start(
            name, "worker", path, self.address, "--name", name, "--nthreads", "1", "--no-nanny",
            "--resources", "THREADS=1",
        )  # fmt: skip
        return path

    def workers(self, *names: str) -> dict[str, Path]:
        """Starts these workers and waits until all are there; the folder of each."""
        folders = {name: self.worker(name) for name in names}
        self.wait_for(*names)
        return folders

    def wait_for(self, *names: str) -> None:
        """Waits until these workers are there."""
        connection = Connection(self.address, "THREADS")
        until(lambda: set(names) <= set(connection.workers()))
        connection.close()

    def forget(self) -> None:
        """Removes what workers have done."""
        for study in self._folder.glob("*/study"):
            shutil.rmtree(study)

    def restart_scheduler(self) -> None:
        """As one that crashed: at its old address, and its workers have ended too."""
        port = self.address.rpartition(":")[2]
        for name in [SCHEDULER, *set(self._running) - {SCHEDULER}]:
            self.kill(name)
        self._scheduler(port)

    def _scheduler(self, port: str) -> None:
        self._file.unlink(missing_ok=True)
        file = ("--scheduler-file", str(self._file))
        self._start(SCHEDULER, "scheduler", self._folder, "--port", port, *file)
        until(lambda: self._file.exists() and self._file.read_text().endswith("}"))

    def kill(self, name: str) -> list[str]:
        """As a machine that stops: the process and all that it started; their commands."""
        process = self._running.pop(name)
        everyone: list[psutil.Process] = []
        try:
            everyone = [psutil.Process(process.pid)]
            everyone += everyone[0].children(recursive=True)
        except psutil.NoSuchProcess:
            pass
        commands = []
        for one in everyone:
            try:
                one.suspend()
                commands.append(" ".join(one.cmdline()))
            except psutil.NoSuchProcess:
                continue
        for one in everyone:
            try:
                one.send_signal(signal.SIGKILL)
            except psutil.NoSuchProcess:
                continue
        process.wait()
        return commands

    def _start(self, name: str, role: str, folder: Path, *arguments: str) -> None:
        command = [sys.executable, "-m", f"distributed.cli.dask_{role}", "--no-dashboard"]
        with (self._folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [*command, *arguments], cwd=folder, env=self._environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
