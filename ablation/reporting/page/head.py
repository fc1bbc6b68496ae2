"""The head of the page: the best arm, a few numbers, and what to know before comparing any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from ablation.reporting.config import BestFigure, FigureConfig
from ablation.reporting.levels import judged_on, level
from ablation.reporting.wording import n_is, percent, short_names
from ablation.statistics.config import ClaimsConfig
from ablation.statistics.runs import best_arm, on_plateau
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
    arm = best_arm(runs, _comparable(study))
    if arm == study.baseline:
        return {}
    part = judged_on(study, runs)
    pair = (comparisons["arm"] == arm) & (comparisons["group"] == "baseline")
    rows = comparisons[pair & (comparisons["metric"] == f"{part}_accuracy")].to_dict("records")
    mean = runs.loc[runs["arm"] == arm, f"{part}_accuracy"].mean()
    row = rows[0] if rows else None
    return {"name": study.arms[arm], "part": part, "mean": mean, "row": row}


def cards(
    study: StudyConfig,
    config: ClaimsConfig,
    figures: Sequence[FigureConfig],
    runs: pd.DataFrame,
    majority: tuple[int, float],
) -> list[Card]:
    """Baseline, the best of each group and of each other family of arms, and the majority class.

    Args:
        majority: label and share of the images that arms are judged on.
    """
    names, part = short_names(list(study.arms), study.arms), judged_on(study, runs)
    groups = [each.groups for each in figures if isinstance(each, BestFigure)]
    families: dict[str, list[str]] = {}
    for arm in _comparable(study):
        if config.arms[arm].family != config.arms[study.baseline].family:
            families.setdefault(config.arms[arm].family.capitalize(), []).append(arm)
    chosen = {study.baseline: "Baseline"}
    for group, arms in [pair for each in (*groups, families) for pair in each.items()]:
        arm = best_arm(runs, arms)
        of = f", best of {len(arms)}" if len(arms) > 1 else ""
        chosen.setdefault(arm, f"{group}: {names[arm]}{of}")
    found = []
    for arm, name in chosen.items():
        if reached := level(runs[runs["arm"] == arm], part):
            count = f", {n_is(study.counts[arm])}" if len(set(study.counts.values())) > 1 else ""
            found.append(Card(f"{name}{count}", percent(reached.mean), reached.bounds()))
    return [*found, Card(f"Majority class ({majority[0]})", percent(majority[1]), "")]


def diverged(
    study: StudyConfig, config: ClaimsConfig, metrics: Mapping[str, Any], labels: pd.DataFrame
) -> list[str]:
    """Labels of the arms whose mean validation accuracy is no better than the majority class.

    Args:
        metrics: arm -> metric -> mean over the seeds.
        labels: reports/tables/labels.csv, counts of labels by data set and part.
    """
    validation = labels[labels["part"] == "validation"]
    majority = validation.groupby("data_set")["density"].max()
    return [
        label
        for arm, label in study.arms.items()
        if on_plateau(
            metrics[arm]["validation_accuracy"],
            config.arms[arm].validation_images,
            majority[study.data_sets[arm]],
        )
    ]


def _comparable(study: StudyConfig) -> list[str]:
    """The arms of the baseline's data set: another one is another task."""
    name = study.data_sets[study.baseline]
    return [arm for arm, data_set in study.data_sets.items() if data_set == name]
