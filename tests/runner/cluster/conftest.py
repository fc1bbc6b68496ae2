"""A small study, a real Dask scheduler, and workers that are processes in folders of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runner.jobs import Job
from tests.params import WHO

PATIENCE = 300.0  # seconds for what takes a few on a machine that is not busy

FILES = {
    "dvc.yaml": """\
stages:
  resolve:
    cmd: python -m stages.copy params.yaml configs/arms/adam.yaml
    deps: [stages/copy.py, params.yaml]
    outs: [configs: {push: false}]
  preprocess:
    cmd: python -m stages.copy configs/arms/adam.yaml data/sets/images
    deps: [stages/copy.py, configs/arms]
    outs: [data/sets, data/unused]
  samples: {cmd: python -m stages.never, deps: [data/sets], outs: [data/samples]}
  train:
    matrix: {arm: [adam, sgd], seed: [0]}
    cmd: python -m stages.train ${item.arm} ${item.seed}
    deps: [stages/train.py, "configs/arms/${item.arm}.yaml", data/sets]
    outs: ["models/runs/${item.arm}-${item.seed}"]
""",
    "params.yaml": "seeds: [0]\n",
    ".gitignore": "/configs/\n/models/\n/data/\n/.scratch/\n/logs/\n/study/\n__pycache__/\n",
    "stages/__init__.py": "",
    "stages/copy.py": """\
import os, shutil, sys

os.makedirs(os.path.dirname(sys.argv[2]), exist_ok=True)
shutil.copy(*sys.argv[1:])
""",
    # What a run does besides is the code in its third argument.
    "stages/train.py": """\
import json, os, sys, time
from pathlib import Path

key = "-".join(sys.argv[1:3])
Path(".scratch/progress").mkdir(parents=True, exist_ok=True)
Path(f".scratch/progress/{key}.json").write_text(json.dumps({"run": key, "share": 0.5}))
print("training", key)
exec(sys.argv[3])
for folder in ("runs", "networks"):
    Path(f"models/{folder}/{key}").mkdir(parents=True, exist_ok=True)
Path(f"models/runs/{key}/history.csv").write_text(key + Path("data/sets/images").read_text())
Path(f"models/networks/{key}/network.keras").write_text("weights")
""",
}


def job(key: str, behaviour: str = "") -> Job:
    """A run of the small study."""
    arm, _, seed = key.partition("-")
    command = ["python", "-m", "stages.train", arm, seed, behaviour]
    return Job(key, f"train@{key}", command, [f"models/runs/{key}"])


def git(*arguments: str) -> None:
    subprocess.run(["git", *WHO, *arguments], check=True, capture_output=True)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def head(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small study, committed, with what comes before training; the test runs in its folder."""
    path = tmp_path / "head"
    for name, text in FILES.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    monkeypatch.chdir(path)
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message", "A study")
    for made in ("configs/arms/adam.yaml", "data/sets/images"):
        subprocess.run([sys.executable, "-m", "stages.copy", "params.yaml", made], check=True)
    return path


class Processes:
    """A scheduler and workers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        file = folder / "scheduler.json"
        self.variables: dict[str, str] = {}  # that workers have besides
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._start("scheduler", folder, "--port", "0", "--scheduler-file", str(file))
        until(lambda: file.exists() and file.read_text().endswith("}"))
        self.address = str(json.loads(file.read_text())["address"])

    def worker(self, name: str, resource: str = "RUNS=1") -> Path:
        """Starts a worker that takes a run at a time and waits until it is there; its folder."""
        path = self.folder / name
        path.mkdir(exist_ok=True)
        self._start(
            name, path, self.address, "--name", name, "--nthreads", "1", "--no-nanny",
            "--resources", resource,
        )  # fmt: skip
        log = self.folder / f"{name}.log"
        until(lambda: "Starting established connection" in log.read_text())
        return path

    def end(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        process = self._running.pop(name)
        process.send_signal(number)
        process.wait()

    def end_all(self) -> None:
        while self._running:
            self.end(next(iter(self._running)))

    def _start(self, name: str, folder: Path, *arguments: str) -> None:
        role = name if name == "scheduler" else "worker"
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("DASK_", "PYTHON"))}
        environment |= {"PATH": f"{self.folder}:{environment['PATH']}", **self.variables}
        command = [sys.executable, "-m", f"distributed.cli.dask_{role}", "--no-dashboard"]
        with (self.folder / f"{name}.log").open("wb") as log:
            self._running[name] = subprocess.Popen(
                [*command, *arguments], cwd=folder, env=environment, stdout=log, stderr=log
            )


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    (tmp_path / "cluster").mkdir()
    started = Processes(tmp_path / "cluster")
    yield started
    started.end_all()
