"""Numbers of one run, as a metric of paper.yaml takes them.

Pure functions of a run's curves and of what `evaluate` measured. None is for what is missing: a
test set without labels, a measurement that the run does not have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from ablation.statistics.config import ArmFacts, Metric, StatisticsConfig

FEWEST_CHANGES = 8  # from measurement to measurement that show a spread

Curve = NDArray[np.float64]


@dataclass(frozen=True)
class Run:
    """One arm trained with one seed.

    Attributes:
        arm: how its arm was trained and measured.
        judged: part_accuracy and part_images of the trained network, for each part it answers to.
        curves: metric -> (epochs,) float, its value after each epoch.
    """

    arm: ArmFacts
    judged: Mapping[str, Any]
    curves: Mapping[str, Curve]


def stuck(accuracy: Curve, rules: StatisticsConfig) -> bool:
    """Whether a run's validation accuracy after each epoch shows it on the plateau, early on.

    Judged by the last measurement within the first `stuck_at` of its images, or else by the first.
    """
    return bool(accuracy[max(1, int(rules.stuck_at * len(accuracy))) - 1] < rules.stuck_accuracy)


def measure(run: Run, metric: Metric) -> float | None:
    """The metric of one run, or None where the run does not have it."""
    value = _take(run, metric)
    return None if value is None or np.isnan(value) else float(value)


def _take(run: Run, metric: Metric) -> float | None:
    of, curve = str(metric.of), run.curves.get(str(metric.of), np.zeros(0))
    match metric.take:
        case "final":  # of the trained network, dropout off, on all its images of a part
            return run.judged.get(of)
        case "last":
            return curve[-1]
        case "gap":
            return run.judged["train_accuracy"] - run.judged["validation_accuracy"]
        case "after_images":  # the last measurement within them; none of a shorter run
            epochs = (metric.images or 0) // run.arm.epoch_images
            return curve[epochs - 1] if 1 <= epochs <= len(curve) else None
        case "images_to_level":
            return images_to(curve, metric.level or 0.0, run.arm.epoch_images)
        case "spread":
            first, last = run.arm.steady
            return spread(curve[first - 1 : last])
        case "rise":  # of a loss: how much the run overfits
            return curve[-1] / curve.min() - 1


def images_to(curve: Curve, level: float, epoch_images: int) -> float:
    """Training images seen until the running accuracy first reaches the level, interpolated.

    It is the mean of an epoch, so it counts for the epoch's middle: else an arm with shorter epochs
    would seem faster. Infinite for a run that never does: it is slower than every other, however
    long they train. What came before the first middle is not known: a run that has it there took
    that long.
    """
    reached = np.flatnonzero(curve >= level)
    if len(reached) == 0:
        return float("inf")
    at = int(reached[0])
    part = 0.0 if at == 0 else (curve[at] - level) / (curve[at] - curve[at - 1])
    return float(at + 0.5 - part) * epoch_images


def spread(curve: Curve) -> float | None:
    """How far a curve scatters about its trend; None for fewer than eight changes.

    The root mean square of what is left of it over the rising curve that fits it best. Not the
    spread of its changes: early on that is how fast the arm learns, and not how stable it is.
    """
    if len(curve) <= FEWEST_CHANGES:
        return None
    return float(np.sqrt(np.mean((curve - isotonic_regression(curve).x) ** 2)))


def best_arm(runs: pd.DataFrame, arms: Sequence[str]) -> str:
    """Of `arms` the one with the highest mean validation accuracy; ties go to the first named.

    Args:
        runs: runs.csv, a row a run.
    """
    means = runs.groupby("arm")["validation_accuracy"].mean()
    return max(arms, key=lambda arm: means[arm])
