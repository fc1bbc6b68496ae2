"""The head of the page: the best arm, and our accuracies beside somebody else's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from ablation.reporting.levels import judged_on, level
from ablation.reporting.wording import percent
from ablation.statistics.comparison import pair
from ablation.statistics.config import Headline
from ablation.statistics.runs import best_arm
from ablation.study.config import StudyConfig


class Card(NamedTuple):
    """One number of the head: what it is, ours with its interval or "", and somebody else's."""

    name: str
    value: str
    interval: str
    theirs: str


def best(study: StudyConfig, runs: pd.DataFrame, comparisons: pd.DataFrame) -> dict[str, Any]:
    """The best arm by validation accuracy: name, part, mean, and its row of comparison.csv or None.

    The row is of that part of the images; {} where no arm is above the baseline.
    """
    arm = best_arm(runs, study.arms_on(study.data_sets[study.baseline]))
    if arm == study.baseline:
        return {}
    part = judged_on(study, runs)
    row = pair(comparisons, f"{part}_accuracy", arm, study.baseline)
    mean = runs.loc[runs["arm"] == arm, f"{part}_accuracy"].mean()
    return {"name": study.arms[arm], "part": part, "mean": mean, "row": row}


def cards(headline: Sequence[Headline], names: Mapping[str, str], runs: pd.DataFrame) -> list[Card]:
    """Our level beside theirs, but for a part whose images have no labels.

    Args:
        names: the arms'.
        runs: runs.csv, a row a run.
    """
    found = []
    for asked in headline:
        arm = best_arm(runs, asked.arms)
        if reached := level(runs[runs["arm"] == arm], asked.part):
            of = f", best of {len(asked.arms)}" if len(asked.arms) > 1 else ""
            name = f"{asked.label}, {asked.part}: {names[arm]}{of}"
            theirs = f"{asked.whose}: {100 * asked.theirs:.4g}%"
            found.append(Card(name, percent(reached.mean), reached.bounds(), theirs))
    return found
