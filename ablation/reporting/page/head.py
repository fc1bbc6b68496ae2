"""The head of the page: the best arm and a few numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd

from ablation.reporting.config import BestFigure, FigureConfig
from ablation.reporting.levels import against_baseline, judged_on, level
from ablation.reporting.wording import n_is, percent, short_names
from ablation.statistics.runs import best_arm
from ablation.study.config import StudyConfig


class Card(NamedTuple):
    """One number of the head: what it is, the number, and its interval or ""."""

    name: str
    value: str
    small: str


def best(study: StudyConfig, runs: pd.DataFrame, comparisons: pd.DataFrame) -> dict[str, Any]:
    """The best arm by validation accuracy: name, part, mean, and its row of comparison.csv or None.

    The row is of that part of the images; {} where no arm is above the baseline.
    """
    arm = best_arm(runs, study.arms_on(study.data_sets[study.baseline]))
    if arm == study.baseline:
        return {}
    part = judged_on(study, runs)
    row = against_baseline(comparisons, study.baseline, f"{part}_accuracy").get(arm)
    mean = runs.loc[runs["arm"] == arm, f"{part}_accuracy"].mean()
    return {"name": study.arms[arm], "part": part, "mean": mean, "row": row}


def cards(
    study: StudyConfig,
    figures: Sequence[FigureConfig],
    runs: pd.DataFrame,
    majority: tuple[int, float],
) -> list[Card]:
    """Baseline, the best of each group and of all arms, and the majority class.

    Args:
        majority: label and share of the images that arms are judged on.
    """
    names, part = short_names(list(study.arms), study.arms), judged_on(study, runs)
    groups = [each.groups for each in figures if isinstance(each, BestFigure)]
    everything = {"Best of all": study.arms_on(study.data_sets[study.baseline])}
    chosen = {study.baseline: "Baseline"}
    for group, arms in [pair for each in (*groups, everything) for pair in each.items()]:
        arm = best_arm(runs, arms)
        of = f", best of {len(arms)}" if len(arms) > 1 else ""
        chosen.setdefault(arm, f"{group}: {names[arm]}{of}")
    found = []
    for arm, name in chosen.items():
        if reached := level(runs[runs["arm"] == arm], part):
            count = f", {n_is(study.counts[arm])}" if len(set(study.counts.values())) > 1 else ""
            found.append(Card(f"{name}{count}", percent(reached.mean), reached.bounds()))
    return [*found, Card(f"Majority class ({majority[0]})", percent(majority[1]), "")]
