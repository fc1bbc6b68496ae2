"""The study's progress, live in a terminal and as a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.text import Text

from ablation.base.files import read_json
from ablation.monitoring.progress import Progress, duration
from runner.estimate import seconds_left
from runner.pool import State

QUIET = 20.0  # seconds between two reports where there is no terminal


class Display:
    """Shows the commands in flight and the study's total.

    `costs` is each run's work in any unit; it turns the work done into the time left, of so many
    `places` where runs train at a time. A command that is no run has no cost.
    """

    def __init__(self, costs: Mapping[str, float], progress: Path, places: int) -> None:
        self._costs, self._progress, self._places = costs, progress, places
        self._console = Console()
        self._live = Live(console=self._console, auto_refresh=False)
        self._started = time.monotonic()
        self._shown = self._started
        self._reported: set[str] = set()
        # What a resumed run had done before is no work of this study's pace.
        self._resumed: dict[str, float] = {}

    def __enter__(self) -> Display:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def show(self, state: State) -> None:
        for name in (*state.done, *state.failed):
            if name not in self._reported:
                self._reported.add(name)
                self._console.print(
                    f"{name}  " + ("done" if name in state.done else "FAILED"), highlight=False
                )
        if self._console.is_terminal:
            self._live.update(Text("\n".join(self.lines(state))), refresh=True)
        elif time.monotonic() - self._shown >= QUIET:
            self._shown = time.monotonic()
            self._console.print("\n".join(self.lines(state)), highlight=False, soft_wrap=True)

    def lines(self, state: State) -> list[str]:
        """One line for the study, one for each run in flight, one for each worker that has none."""
        runs, shares = [], {}
        for name, since in state.running.items():
            progress = self._read(name, since)
            shares[name] = 0.0
            if progress:
                self._resumed[name] = progress.resumed
                shares[name] = (progress.share - progress.resumed) / (1 - progress.resumed)
            began = "starting" if name in self._costs else "running"
            place = f"{state.where[name]}: " if name in state.where else ""
            runs.append(f"  {place}" + (f"{progress}" if progress else f"{name}  {began}"))
        runs += [f"  {name}: idle" for name in state.idle]
        finished = self._runs((*state.done, *state.failed))
        waiting = self._runs(state.waiting)
        head = f"{finished} of {len(self._costs)} runs done, {waiting} waiting"
        left = seconds_left(
            {name: cost * (1 - self._resumed.get(name, 0.0)) for name, cost in self._costs.items()},
            {name: state.seconds[name] for name in state.done if name in self._costs},
            {name: share for name, share in shares.items() if name in self._costs},
            time.monotonic() - self._started,
            self._places,
        )
        return [head + (f", about {duration(left)} left" if left else ""), *runs]

    def _runs(self, names: Iterable[str]) -> int:
        return sum(name in self._costs for name in names)

    def _read(self, name: str, since: float) -> Progress | None:
        """What the run wrote of itself, unless the file is from an earlier attempt."""
        path = self._progress / f"{name}.json"
        try:
            age = time.time() - path.stat().st_mtime
            if age > time.monotonic() - since:
                return None
            return Progress(**read_json(path))
        except FileNotFoundError:
            return None
