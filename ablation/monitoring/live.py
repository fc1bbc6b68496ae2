"""Live curves of a run, epoch by epoch, for TensorBoard or for what shows DVCLive's files.

Off unless the environment variable `ABLATION_LIVE` names one of `KINDS`. No result depends on it.
A run that was killed and goes on, goes on in the same curve.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from ablation.base.errors import UserError, brief
from ablation.base.files import write_text

VARIABLE = "ABLATION_LIVE"
KINDS = ("dvclive", "tensorboard")
# What is known while a run trains; the rest of its history follows when it ends.
NAMES = ("validation_accuracy", "images_per_second")


class Writer(Protocol):
    """Writes curves of one format; opened with the epochs that an earlier process did."""

    def add(self, epoch: int, values: Mapping[str, float]) -> None:
        """One point of each named curve, visible at once."""


def check(kind: str) -> None:
    """
    Raises:
        UserError: there are no such curves, or their package is not installed.
    """
    if kind not in KINDS:
        raise UserError(f"live curves are {brief(kind)!r}; allowed: {', '.join(KINDS)}")
    if find_spec(kind) is None:  # each is named as its package
        raise UserError(
            f"live curves need the package {kind}; run "
            "`python -m pip install --no-deps -r requirements-extra.txt`"
        )


class Curves:
    """The live curves of one run."""

    def __init__(self, kind: str, folder: Path) -> None:
        """
        Args:
            kind: one of `KINDS`.
            folder: the run's own, which git is told to ignore.

        Raises:
            UserError: there are no such curves, or their package is not installed.
        """
        check(kind)
        self._kind, self._folder = kind, folder
        self._writer: Writer | None = None
        self._failed = False

    def note(self, epoch: int, accuracy: float, images_per_second: float, done: int) -> None:
        """Adds the points of an epoch; `done` of them were trained by an earlier process."""
        self._add({epoch: dict(zip(NAMES, (accuracy, images_per_second), strict=True))}, done)

    def ended(self, history: Path) -> None:
        """Adds all else that the run's history.csv has: of training images, losses, penalty."""
        rows: dict[int, dict[str, float]] = {}
        with history.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["metric"] not in NAMES:
                    rows.setdefault(int(row["epoch"]), {})[row["metric"]] = float(row["value"])
        self._add(rows, len(rows))

    def _add(self, points: Mapping[int, Mapping[str, float]], done: int) -> None:
        if self._failed:
            return
        try:
            writer = self._opened(done)
            for epoch, values in points.items():
                writer.add(epoch, values)
        except Exception as error:  # of a foreign package or the disk; it is not worth a run
            self._failed = True
            print(f"{self._folder.name}  live curves end here: {brief(error)}", flush=True)

    def _opened(self, done: int) -> Writer:
        if self._writer is None:
            write_text(self._folder / ".gitignore", "*\n")
            if self._kind == "dvclive":
                self._writer = DvcLive(self._folder, done)
            else:
                from ablation.monitoring.events import Events

                self._writer = Events(self._folder, done)
        return self._writer


_RUNS: dict[str, Curves] = {}  # those of this process


def begun(run: str, folder: Path) -> Curves | None:
    """The curves of a run that begins, in `folder`/`run`; None unless they are asked for.

    Raises:
        UserError: what is asked for is no kind of curves, or its package is not installed.
    """
    kind = os.environ.get(VARIABLE)
    if not kind:
        return None
    _RUNS[run] = Curves(kind, folder / run)
    return _RUNS[run]


def ended(run: str, history: Path) -> None:
    """Completes the curves of a run that began in this process, if it has any."""
    if run in _RUNS:
        _RUNS.pop(run).ended(history)


class DvcLive:
    """Files as DVCLive writes them: plots/metrics/NAME.tsv and metrics.json.

    No experiment is saved and no dvc.yaml written, since the run is a stage of a study.
    """

    def __init__(self, folder: Path, done: int) -> None:
        from dvclive import Live

        for path in (folder / "plots" / "metrics").glob("*.tsv"):
            _cut(path, done)
        (folder / "metrics.json").unlink(missing_ok=True)  # a kill may have left half of it
        self._live = Live(str(folder), resume=done > 0, save_dvc_exp=False, dvcyaml=None)
        begin(folder)

    def add(self, epoch: int, values: Mapping[str, float]) -> None:
        self._live.step = epoch
        for name, value in values.items():
            self._live.log_metric(name, value)
        self._live.sync()


def begin(folder: Path) -> None:
    """Curves without a point, in DVCLive's files, where there are none: DVC misses no file then."""
    for name in NAMES:
        path = folder / "plots" / "metrics" / f"{name}.tsv"
        if not path.exists():
            write_text(path, f"step\t{name}\n")
    write_text(folder / ".gitignore", "*\n")


def _cut(path: Path, done: int) -> None:
    """Takes out the points of epochs that are trained again; half a line too, of a kill."""
    head, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if line.endswith("\n") and int(line.split("\t")[0]) <= done]
    write_text(path, "".join([head, *kept]))
