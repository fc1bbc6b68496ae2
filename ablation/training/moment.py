"""Where a run stands, told while it trains. No result depends on what is made of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ablation.training.config import TrainConfig


@dataclass(frozen=True)
class Moment:
    """Where a run stands.

    Attributes:
        epoch: the one under way, counted from 1.
        epochs: of the run.
        resumed: so many epochs were done before this process went on with it.
        steps, steps_of_epoch: done of it, and in all.
        images: seen in those steps.
        seconds: that those steps took; of a whole epoch also the measuring, in `epoch_seconds`.
        accuracy: on validation images after the last whole epoch; None before the first.
        epoch_seconds: of each whole epoch of the run so far.
        epoch_ended: whether the epoch is trained and measured.
    """

    epoch: int
    epochs: int
    resumed: int
    steps: int
    steps_of_epoch: int
    images: int
    seconds: float
    accuracy: float | None
    epoch_seconds: list[float]
    epoch_ended: bool


class Watch:
    """Tells `report` how far an epoch has come."""

    def __init__(
        self,
        number: int,
        resumed: int,
        steps: int,
        history: Sequence[Mapping[str, float]],
        epoch_seconds: Sequence[float],
        config: TrainConfig,
        report: Callable[[Moment], None],
    ) -> None:
        """
        Args:
            number: of the epoch, counted from 0.
            resumed: the first epoch of this process.
            steps: of the epoch.
            history, epoch_seconds: of the epochs before; the caller adds this one's.
        """
        self._number, self._resumed, self._steps = number, resumed, steps
        self._history, self._epoch_seconds = history, epoch_seconds
        self._config, self._report = config, report
        self._started = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Since the epoch began."""
        return time.perf_counter() - self._started

    def after(self, step: int) -> None:
        if step < self._steps:  # the whole epoch is told once it is measured
            self._tell(step, self.seconds, epoch_ended=False)

    def ended(self, train_seconds: float) -> None:
        """`train_seconds` are those of the steps, without measuring."""
        self._tell(self._steps, train_seconds, epoch_ended=True)

    def _tell(self, steps: int, seconds: float, epoch_ended: bool) -> None:
        self._report(
            Moment(
                epoch=self._number + 1,
                epochs=self._config.epochs,
                resumed=self._resumed,
                steps=steps,
                steps_of_epoch=self._steps,
                images=steps * self._config.batch_size,
                seconds=seconds,
                accuracy=self._history[-1]["validation_accuracy"] if self._history else None,
                epoch_seconds=list(self._epoch_seconds),
                epoch_ended=epoch_ended,
            )
        )
