"""A Dask scheduler and workers on this machine, each a process in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from runner.cluster.connection import SETTINGS

PATIENCE = 180.0  # seconds for what takes a few on a machine that is not busy


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
        self._start("scheduler", self._folder, "--port", "0", "--scheduler-file", str(self._file))
        until(self._file.exists)
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self._running):
            self.kill(name)

    @property
    def address(self) -> str:
        return str(json.loads(self._file.read_text())["address"])

    def worker(self, name: str, folder: str | None = None, resource: str = "THREADS=1") -> Path:
        """Starts a worker with one thread; its folder, which another may have too."""
        path = self._folder / (folder or name)
        path.mkdir(exist_ok=True)
        self._start(
            "worker", path, self.address, "--name", name, "--nthreads", "1", "--no-dashboard",
            "--resources", resource, known_as=name,
        )  # fmt: skip
        return path

    def kill(self, name: str) -> list[str]:
        """As a machine that stops: the process, its nanny and what they started; their commands."""
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

    def _start(self, role: str, folder: Path, *arguments: str, known_as: str = "") -> None:
        command = [sys.executable, "-m", f"distributed.cli.dask_{role}", *arguments]
        if role == "scheduler":
            command.append("--no-dashboard")
        with (self._folder / f"{known_as or role}.log").open("wb") as log:
            self._running[known_as or role] = subprocess.Popen(
                command, cwd=folder, env=self._environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
