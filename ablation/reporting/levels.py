"""An arm's accuracy with its interval, the same in every table and card."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from ablation.reporting.wording import RANGE, rounded
from ablation.statistics.intervals import level_interval
from ablation.study.config import StudyConfig


class Level(NamedTuple):
    """The mean accuracy (0..1) over the seeds, its 95% interval or None, the median or None.

    The median stands beside the mean where a run is stuck.
    """

    mean: float
    interval: tuple[float, float] | None
    median: float | None = None

    def bounds(self, between: str = RANGE) -> str:
        """The ends of the interval in per cent, as in "81.8–85.0"; "" without one."""  # noqa: RUF002
        return between.join(rounded(end * 100) for end in self.interval or ())


def judged_on(study: StudyConfig, runs: pd.DataFrame) -> str:
    """The part that arms are judged on: test, or validation where test images have no labels.

    Args:
        runs: runs.csv, a row a run.
    """
    tested = runs.loc[runs["arm"] == study.baseline, "test_accuracy"].notna().any()
    return "test" if tested else "validation"


def level(runs: pd.DataFrame, part: str) -> Level | None:
    """The level of an arm; None where none of its runs has such an accuracy.

    The test images are the same for all seeds. The validation images differ between seeds, so only
    a single seed's add an interval of their own.

    Args:
        runs: the rows of runs.csv of that arm.
        part: train, validation or test.
    """
    known = runs[runs[f"{part}_accuracy"].notna()]
    if known.empty:
        return None
    accuracies = known[f"{part}_accuracy"].to_numpy(np.float64)
    shared = part == "test" or (part == "validation" and len(known) == 1)
    images = int(known[f"{part}_images"].iloc[0]) if shared else None
    found = level_interval(accuracies, images)
    inside = None if found is None else (max(0.0, found.low), min(1.0, found.high))
    median = float(np.median(accuracies)) if known["stuck"].any() else None
    return Level(float(accuracies.mean()), inside, median)
