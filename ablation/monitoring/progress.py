"""How far a run has come, for people who wait for it."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from ablation.base.files import write_json
from ablation.monitoring import live
from ablation.training.moment import Moment


@dataclass(frozen=True)
class Progress:
    """One run's state: `share` of the whole run is done, `resumed` of it by an earlier process;
    `accuracy` is None until the first is known, times are in seconds."""

    run: str
    epoch: int
    epochs: int
    share: float
    resumed: float
    accuracy: float | None
    images_per_second: float
    seconds_left: float
    epoch_ended: bool

    @staticmethod
    def of(run: str, moment: Moment) -> Progress:
        """What a person wants to know of the moment that the run is at."""
        done = moment.epoch - 1 + moment.steps / moment.steps_of_epoch
        # An epoch is measured too, so finished ones tell the time left better than its steps; the
        # median, since the first compiles.
        before = moment.epoch_seconds
        pace = moment.seconds * moment.steps_of_epoch / moment.steps
        if before:
            pace = median(before)
        return Progress(
            run=run,
            epoch=moment.epoch,
            epochs=moment.epochs,
            share=done / moment.epochs,
            resumed=moment.resumed / moment.epochs,
            accuracy=moment.accuracy,
            images_per_second=moment.images / moment.seconds,
            seconds_left=pace * (moment.epochs - done),
            epoch_ended=moment.epoch_ended,
        )

    def __str__(self) -> str:
        accuracy = "" if self.accuracy is None else f"  accuracy {100 * self.accuracy:5.1f} %"
        return (
            f"{self.run}  epoch {self.epoch}/{self.epochs}{accuracy}"
            f"  {self.images_per_second:,.0f} images/s  {duration(self.seconds_left)} left"
        )


def duration(seconds: float) -> str:
    """Seconds as a person says them: `40 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class Notebook:
    """Keeps a run's latest progress in a file, at most once a second, for whoever watches.

    Each epoch goes into live curves too, where they are asked for.
    """

    def __init__(self, path: Path) -> None:
        """
        Args:
            path: .scratch/progress/RUN.json of the project; the curves are in its live/RUN.

        Raises:
            UserError: live curves are asked for that there are not.
        """
        self._path = path
        self._written = float("-inf")
        self._curves = live.begun(path.stem, path.parents[2] / "live")

    def note(self, progress: Progress) -> None:
        if self._curves and progress.epoch_ended and progress.accuracy is not None:
            done = round(progress.resumed * progress.epochs)
            self._curves.note(progress.epoch, progress.accuracy, progress.images_per_second, done)
        now = time.monotonic()
        if now - self._written >= 1.0:
            content: dict[str, Any] = asdict(progress)
            write_json(self._path, content)
            self._written = now
