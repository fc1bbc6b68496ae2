"""Numbers of one run that claims compare: one function for each `take` of a metric in paper.yaml.

Pure functions of a run's curves and of what `evaluate` measured. None stands for what the run
cannot say: a test set without labels, an epoch it never had.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ablation.evaluation.metrics import wilson
from ablation.statistics.config import (
    AfterEpochMetric,
    ArmFacts,
    ChangeMetric,
    EpochsToLevelMetric,
    FinalMetric,
    GapMetric,
    ImagesToLevelMetric,
    Metric,
    SpreadMetric,
)

FEWEST = 3  # epochs that show a jump about a trend

Curve = NDArray[np.float64]


@dataclass(frozen=True)
class Run:
    """One arm trained with one seed.

    Attributes:
        arm: how its arm was trained and measured.
        judged: its row of runs.csv: metric -> value, of the trained network.
        curves: metric -> (epochs,) float, its value after each epoch.
        majority: the share (0..1) of the majority class among its validation images.
        correct: (images,) whether the network is right on each test image; None without labels.
    """

    arm: ArmFacts
    judged: Mapping[str, Any]
    curves: Mapping[str, Curve]
    majority: float
    correct: NDArray[np.bool_] | None

    @property
    def diverged(self) -> bool:
        """Whether a loss ends in NaN, or validation accuracy no better than the majority class.

        Losses are not asked how good they are: that of a regularized run holds a penalty, and
        naming the labels' frequencies costs less than guessing evenly.
        """
        losses = [curve[-1] for name, curve in self.curves.items() if name.endswith("_loss")]
        return not np.isfinite(losses).all() or on_plateau(
            self.judged["validation_accuracy"], self.judged["validation_images"], self.majority
        )


def on_plateau(accuracy: float, images: int, majority: float) -> bool:
    """Whether an accuracy (0..1) on so many images may be that of the majority class.

    It may where its 95% interval over the images does not lie above that class's share of them.
    """
    return wilson(round(accuracy * images), int(images))[0] <= majority


def measure(run: Run, metric: Metric) -> float | None:
    """The metric of one run, or None where the run does not have it."""
    value = _TAKES[type(metric)](run, metric)
    return None if value is None or np.isnan(value) else float(value)


def _final(run: Run, metric: FinalMetric) -> float | None:
    """Accuracy (0..1) of the trained network."""
    return run.judged.get(metric.of)


def _gap(run: Run, _: GapMetric) -> float:
    """Final training less final validation accuracy, both with dropout off and on all images."""
    return run.judged["train_accuracy"] - run.judged["validation_accuracy"]


def _after_epoch(run: Run, metric: AfterEpochMetric) -> float | None:
    """Accuracy (0..1) after that epoch, counted from 1."""
    curve = run.curves[metric.of]
    return float(curve[metric.epoch - 1]) if metric.epoch <= len(curve) else None


def _change(run: Run, metric: ChangeMetric) -> float | None:
    """The mean over the last part of the epochs less that over the first; None for one epoch.

    Means of many epochs, since the highest point of a curve that only trembles lies above its end.
    """
    curve = run.curves[metric.of]
    count = max(1, round(metric.part * len(curve)))
    return float(curve[-count:].mean() - curve[:count].mean()) if len(curve) > 1 else None


def _epochs_to_level(run: Run, metric: EpochsToLevelMetric) -> float:
    """Epochs until the accuracy first reaches the level, interpolated between epochs.

    A run that never reaches it counts as one that would with its next epoch: it stays in the
    comparison, as the slowest that it can be known to be.
    """
    reached = _epochs_to(run.curves[metric.of], metric.level)
    return float(len(run.curves[metric.of]) + 1) if reached is None else reached


def _images_to_level(run: Run, metric: ImagesToLevelMetric) -> float | None:
    """Training images seen until the accuracy first reaches the level, interpolated.

    None for a run that never does: what it would take is not known, and the arms' runs may be of
    different lengths.
    """
    reached = _epochs_to(run.curves[metric.of], metric.level)
    return None if reached is None else reached * run.arm.epoch_images


def _epochs_to(curve: Curve, level: float) -> float | None:
    reached = np.flatnonzero(curve >= level)
    if len(reached) == 0:
        return None
    epoch = int(reached[0]) + 1
    if epoch == 1:
        return 1.0  # what came before the first epoch was not measured
    before, after = curve[epoch - 2], curve[epoch - 1]
    return epoch - float((after - level) / (after - before))


def _spread(run: Run, metric: SpreadMetric) -> float | None:
    """How far the curve jumps about its trend in `window`; None for fewer than three epochs."""
    return stability(run.curves[metric.of], metric.last, run.arm.steady_epochs)


_TAKES: Mapping[type, Callable[[Run, Any], float | None]] = {
    FinalMetric: _final,
    GapMetric: _gap,
    AfterEpochMetric: _after_epoch,
    ChangeMetric: _change,
    EpochsToLevelMetric: _epochs_to_level,
    ImagesToLevelMetric: _images_to_level,
    SpreadMetric: _spread,
}


def stability(curve: Sequence[float] | Curve, last: float, steady: int) -> float | None:
    """The standard deviation about its trend of a curve in `window` (sections 4.1 and 4.3).

    That of the changes from epoch to epoch, over the square root of 2: of points that scatter
    about a level or a slope it is their standard deviation, and the slope is not counted.
    """
    first, end = window(len(curve), last, steady)
    if end - first < FEWEST:
        return None
    return float(np.std(np.diff(np.asarray(curve)[first:end]), ddof=1) / np.sqrt(2))


def window(epochs: int, last: float, steady: int) -> tuple[int, int]:
    """The last share of the epochs that shows stability: from (counted from 0) and to.

    Where the learning rate falls towards 0 a curve stands still, whatever the arm: so many epochs
    are taken from before the fall, as `steady` says. At least three where the run has them.
    """
    end = min(epochs, steady)
    return max(0, end - max(FEWEST, round(last * epochs))), end


def epochs_to_reach(accuracies: Sequence[float] | Curve, share: float) -> int:
    """The first epoch, counted from 1, whose accuracy is at least `share` of the best one's.

    `accuracies` is a run's validation accuracy after each epoch (section 4.3: convergence time).
    """
    values = np.asarray(accuracies)
    return int(np.argmax(values >= share * values.max())) + 1


def best_arm(runs: pd.DataFrame, arms: Sequence[str]) -> str:
    """Of `arms` the one with the highest mean validation accuracy; ties go to the first named.

    Args:
        runs: runs.csv, a row a run.
    """
    means = runs.groupby("arm")["validation_accuracy"].mean()
    return max(arms, key=lambda arm: means[arm])
