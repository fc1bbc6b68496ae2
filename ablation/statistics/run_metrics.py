"""Numbers of one run that claims compare: one function for each `take` of a metric in params.yaml.

Pure functions of a run's curves and of what `evaluate` measured. None stands for what the run
cannot say: a test set without labels, an epoch it never had.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablation.statistics.config import (
    AfterEpochMetric,
    EpochsToLevelMetric,
    FinalMetric,
    Metric,
    SpreadMetric,
)

GUESSING_LOSS = float(np.log(10))  # of giving each of the ten labels the same probability


@dataclass(frozen=True)
class Run:
    """One arm trained with one seed.

    Attributes:
        judged: metric -> value, of the trained network.
        curves: metric -> (epochs,) float, its value after each epoch.
    """

    judged: Mapping[str, float | None]
    curves: Mapping[str, NDArray[np.float64]]

    @property
    def diverged(self) -> bool:
        """Whether its training ended no better than guessing, or in no number at all."""
        return not self.curves["train_loss"][-1] < GUESSING_LOSS


def final(run: Run, metric: FinalMetric) -> float | None:
    """Accuracy (0..1) of the trained network."""
    return run.judged.get(metric.of)


def after_epoch(run: Run, metric: AfterEpochMetric) -> float | None:
    """Accuracy (0..1) after that epoch, counted from 1."""
    curve = run.curves[metric.of]
    return float(curve[metric.epoch - 1]) if metric.epoch <= len(curve) else None


def epochs_to_level(run: Run, metric: EpochsToLevelMetric) -> float:
    """Epochs until the accuracy first reaches the level, interpolated between epochs.

    A run that never reaches it counts as one that would with its next epoch: it stays in the
    comparison, as the slowest that it can be known to be.
    """
    curve = run.curves[metric.of]
    reached = np.flatnonzero(curve >= metric.level)
    if len(reached) == 0:
        return float(len(curve) + 1)
    epoch = int(reached[0]) + 1
    if epoch == 1:
        return 1.0  # what came before the first epoch was not measured
    before, after = curve[epoch - 2], curve[epoch - 1]
    return epoch - float((after - metric.level) / (after - before))


def spread(run: Run, metric: SpreadMetric) -> float | None:
    """Standard deviation (n - 1, share) over the last epochs; None for fewer than two."""
    return stability(list(run.curves[metric.of]), metric.last)


def epochs_to_reach(accuracies: Sequence[float], share: float) -> int:
    """The first epoch, counted from 1, whose accuracy is at least `share` of the best one's.

    `accuracies` is a run's validation accuracy after each epoch (section 4.3: convergence time).
    """
    values = np.asarray(accuracies)
    return int(np.argmax(values >= share * values.max())) + 1


def stability(accuracies: Sequence[float], share: float) -> float | None:
    """The standard deviation (n - 1) over the last `share` of the epochs (section 4.3).

    None where that is fewer than two epochs.
    """
    last = np.asarray(accuracies)[-max(1, round(share * len(accuracies))) :]
    return float(np.std(last, ddof=1)) if len(last) > 1 else None


_TAKES: Mapping[str, Callable[[Run, Any], float | None]] = {
    function.__name__: function for function in (final, after_epoch, epochs_to_level, spread)
}


def measure(run: Run, metric: Metric) -> float | None:
    """The metric of one run, or None where the run does not have it."""
    value = _TAKES[getattr(metric, "take")](run, metric)  # noqa: B009  (each kind declares it)
    return None if value is None or np.isnan(value) else value
