"""The progress of runs side by side: bars in a terminal, elsewhere a line now and then."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bars

from ablation.base.files import read_json
from ablation.monitoring.progress import Progress, duration
from runner.jobs import Outcome

PROGRESS = Path(".scratch/progress")
QUIET = 20.0  # seconds between two lines where there is no terminal
TELLING = 0.02  # of all the work; before that much is done its pace tells nothing


class Display:
    """Shows the runs in flight and what is left of all."""

    def __init__(self, seconds: Mapping[str, float]) -> None:
        """`seconds`: run -> how long it is thought to take; what is left follows the real pace."""
        for key in seconds:  # what an earlier attempt left
            (PROGRESS / f"{key}.json").unlink(missing_ok=True)
        self._seconds = seconds
        self._ended: list[str] = []
        self._started = self._told = time.monotonic()
        console = Console(highlight=False, soft_wrap=True)
        columns = TextColumn("{task.description}", markup=False), BarColumn(20)
        self._bars = Bars(*columns, console=console, disable=not console.is_terminal)
        self._all = self._bars.add_task("starting", total=1.0)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def ended(self, outcome: Outcome) -> None:
        """Says how a run ended."""
        well, key = outcome.status == 0, outcome.key
        self._ended.append(key)
        if key in self._tasks:
            self._bars.remove_task(self._tasks.pop(key))
        last = outcome.log.strip().rpartition("\n")[2]
        self._bars.console.print(f"{key}  " + ("done" if well else f"FAILED: {last}"), markup=False)

    def show(self, open_runs: Iterable[str]) -> None:
        """Shows the total, and those of these runs that tell how far they are; to be called a few
        times a second."""
        lines, done = [], sum(self._seconds[key] for key in self._ended)
        for key in open_runs:
            if not (PROGRESS / f"{key}.json").exists():
                continue
            progress = Progress(**read_json(PROGRESS / f"{key}.json"))
            done += progress.share * self._seconds[key]
            lines.append(str(progress))
            if key not in self._tasks:
                self._tasks[key] = self._bars.add_task("", total=1.0)
            self._bars.update(self._tasks[key], description=lines[-1], completed=progress.share)
        share = done / sum(self._seconds.values())
        head = f"{len(self._ended)} of {len(self._seconds)} runs done"
        if share > TELLING:
            left = (time.monotonic() - self._started) * (1 - share) / share
            head += f", about {duration(left)} left"
        self._bars.update(self._all, description=head, completed=share)
        if self._bars.disable and time.monotonic() - self._told > QUIET:
            self._told = time.monotonic()
            self._bars.console.print("\n  ".join([head, *lines]), markup=False)
