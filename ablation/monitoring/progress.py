"""How far a run is, for people who wait for it. No result depends on it."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablation.base.files import write_json

if TYPE_CHECKING:  # it loads Keras, for which a reader of progress need not wait
    from ablation.training.loop import Moment


@dataclass(frozen=True)
class Progress:
    """One run's state: `share` of the whole run is done; `accuracy` is on validation images, and
    None before the first epoch ends; times in seconds."""

    run: str
    epoch: int
    epochs: int
    share: float
    accuracy: float | None
    images_per_second: float
    seconds_left: float

    @staticmethod
    def of(run: str, moment: Moment) -> Progress:
        """What a person wants to know of the moment that the run is at."""
        last = moment.history[-1] if moment.history else {}
        return Progress(
            run=run,
            epoch=moment.epoch,
            epochs=moment.epochs,
            share=(moment.epoch - 1 + moment.share) / moment.epochs,
            accuracy=last.get("validation_accuracy"),
            images_per_second=moment.images_per_second,
            seconds_left=moment.seconds_left,
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


class Reporter:
    """Tells of a run while it trains: a line an epoch, a file for who watches, live curves.

    Curves are DVCLive's, in live/ARM-SEED, and only drawn where the variable ABLATION_LIVE is set
    (`make repro LIVE=1`, which installs it).
    """

    def __init__(self, run: str, root: Path) -> None:
        """`root` is the project's folder; progress is in .scratch/progress/RUN.json."""
        self._run, self._path = run, root / ".scratch" / "progress" / f"{run}.json"
        self._folder = root / "live" / run
        self._live: Any = None
        self._told = 0  # epochs
        self._written = float("-inf")

    def __call__(self, moment: Moment) -> None:
        progress = Progress.of(self._run, moment)
        if len(moment.history) == moment.epoch > self._told:
            self._told = moment.epoch
            print(progress, flush=True)
            if os.environ.get("ABLATION_LIVE"):
                self._draw(moment)
        if time.monotonic() - self._written >= 1.0:
            self._written = time.monotonic()
            write_json(self._path, asdict(progress))

    def _draw(self, moment: Moment) -> None:
        if self._live is None:
            from dvclive import Live

            self._live = Live(
                str(self._folder), resume=moment.resumed > 0, save_dvc_exp=False, dvcyaml=None
            )
        self._live.step = moment.epoch
        for name, value in moment.history[-1].items():
            self._live.log_metric(name, value)
        self._live.sync()
