"""The head of the page: what came out, in two sentences and a few numbers, and how far it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ablation.composition.config import DataConfig
from ablation.reporting.config import BestFigure, FigureConfig
from ablation.reporting.levels import judged_on, level
from ablation.reporting.page.metrics_table import Metrics, value_of
from ablation.reporting.summary import best_arm
from ablation.reporting.verdict_table import counts
from ablation.reporting.wording import (
    counted,
    listed,
    n_is,
    of_study,
    paragraph,
    percent,
    points,
    quoted,
    short_names,
    signed_points,
)
from ablation.statistics.config import ClaimsConfig
from ablation.statistics.run_metrics import on_plateau
from ablation.study.config import StudyConfig

PAPER_SCALE = "paper"
PAPER_CANVAS = 128  # px (paper, section 2)
PAPER_IMAGES = 50_000  # for training and validation (paper, section 2)


@dataclass(frozen=True)
class Card:
    """One number of the head: what it is, the number, and its interval or ""."""

    name: str
    value: str
    small: str


def answer(
    study: StudyConfig,
    config: ClaimsConfig,
    claims: Sequence[Mapping[str, Any]],
    runs: pd.DataFrame,
    comparisons: pd.DataFrame,
) -> list[str]:
    """What became of the claims, and which arm is best against the baseline."""
    sentences = counts(claims, config)
    best = best_arm(runs, _comparable(study))
    if best == study.baseline:
        return [*sentences, "No arm is above the baseline on validation images."]
    part = judged_on(study, runs)
    mean = runs.loc[runs["arm"] == best, f"{part}_accuracy"].mean()
    name = quoted(study.arms[best])
    told = f"Best by validation accuracy is {name}: {percent(mean)} on {part} images"
    pair = (comparisons["arm"] == best) & (comparisons["group"] == "baseline")
    found = comparisons[pair & (comparisons["metric"] == f"{part}_accuracy")]
    if found.empty:
        return [*sentences, f"{told}."]
    row = found.iloc[0]
    way = "above" if row["difference"] >= 0 else "below"
    certain = f" (95% interval {signed_points(row['low'])} to {signed_points(row['high'])})"
    if pd.isna(row["low"]):
        certain = f" (n = {row['seeds']})" if len(study.seeds) > 1 else ""
    return [*sentences, f"{told}, {points(row['difference'])} {way} the baseline{certain}."]


def cards(
    study: StudyConfig,
    config: ClaimsConfig,
    figures: Sequence[FigureConfig],
    runs: pd.DataFrame,
    majority: tuple[int, float] | None,
) -> list[Card]:
    """Baseline, the best of each group and of each other family of arms, and the commonest label.

    `majority` is (label, share of the test images, or of validation images); None if unknown.
    """
    names = short_names(list(study.arms), study.arms)
    part = judged_on(study, runs)
    apart = len(set(study.counts.values())) > 1
    chosen = {study.baseline: "Baseline"}
    groups = [figure.groups for figure in figures if isinstance(figure, BestFigure)]
    families: dict[str, list[str]] = {}
    for arm in _comparable(study):
        if config.arms[arm].family != config.arms[study.baseline].family:
            families.setdefault(config.arms[arm].family.capitalize(), []).append(arm)
    for group, arms in [pair for each in (*groups, families) for pair in each.items()]:
        best = best_arm(runs, arms)
        text = f"{group}: {names[best]}" + (f", best of {len(arms)}" if len(arms) > 1 else "")
        chosen.setdefault(best, text)
    found = []
    for arm, name in chosen.items():
        of_arm = runs[runs["arm"] == arm]
        if of_card := level(of_arm, part):
            count = f", {n_is(len(of_arm))}" if apart else ""
            found.append(Card(f"{name}{count}", percent(of_card.mean), of_card.bounds()))
    if majority is not None:
        found.append(Card(f"Always saying {majority[0]}", percent(majority[1]), ""))
    return found


def caveats(
    study: StudyConfig,
    data: DataConfig,
    metrics: Metrics,
    majority: Mapping[str, float],
    few: str,
    tested: bool,
) -> list[str]:
    """What a reader must know before comparing numbers: only what holds for this study.

    Args:
        metrics: arm -> metric -> mean over the seeds.
        majority: arm -> the accuracy (0..1) of always naming the commonest label of its
            validation images; an arm that is absent is not held against it.
        few: what the number of seeds does not allow, or "".
        tested: whether it allows a test of any difference.
    """
    several = f"Numbers are means of {of_study(study)}." if len(study.seeds) > 1 else ""
    fixed = "The rules for a verdict were fixed before the runs."
    texts = [
        paragraph([several, fixed, few])
        if tested or not few
        else f"{few} Differences are printed and not tested.",
        "The test images chose nothing: where a best arm is named, validation accuracy named it.",
    ]
    if study.scale != PAPER_SCALE:
        texts.append(_not_the_paper(study, data))
    if data.source == "kaggle":
        texts.append(
            "The images are the competition's own. Its test images have no labels, so there is no "
            "test accuracy; submission.csv holds what the best arm says of them."
        )
    external = {
        int(n) for arm in metrics if (n := value_of(metrics, arm, "external_images")) is not None
    }
    texts += [
        f"The external test set has {counted(count, 'image')} and was used for nothing else; its "
        "interval is over these images, and says nothing of another seed."
        for count in sorted(external)
    ]
    if study.failed:
        texts.append(
            f"Of {counted(len(study.arms) + len(study.failed), 'arm')} a run ended before its time "
            f"in {len(study.failed)}: {listed(map(quoted, study.failed_labels))}. Tables and "
            "figures show them as failed, and what the others have says nothing of them."
        )
    stuck = [
        label
        for arm, label in study.arms.items()
        if arm in majority
        and (value := value_of(metrics, arm, "validation_accuracy")) is not None
        and on_plateau(value, _validation_images(study, data, arm), majority[arm])
    ]
    if stuck:
        texts.append(
            f"{len(stuck)} of {counted(len(study.arms), 'arm')} "
            f"{'ends' if len(stuck) == 1 else 'end'} no better than naming the commonest label: "
            f"{listed(stuck)}. Such an arm has learnt nothing yet, and its numbers say nothing of "
            "how good it can be."
        )
    return texts


def _comparable(study: StudyConfig) -> list[str]:
    """The arms of the baseline's data set: another one is another task."""
    name = study.data_sets[study.baseline]
    return [arm for arm, data_set in study.data_sets.items() if data_set == name]


def _validation_images(study: StudyConfig, data: DataConfig, arm: str) -> int:
    total = data.mnist_images if study.data_sets[arm] == "mnist" else data.images
    return round(data.validation_fraction * total)


def _not_the_paper(study: StudyConfig, data: DataConfig) -> str:
    """What the scale changes of the paper's data."""
    changes = []
    if data.canvas != PAPER_CANVAS:
        changes.append(f"images are {data.canvas} px wide where the paper's are {PAPER_CANVAS}")
    if data.images != PAPER_IMAGES:
        share = percent(data.images / PAPER_IMAGES)
        changes.append(f"there are {data.images:,} of them ({share} of the paper's number)")
    told = f": {listed(changes)}" if changes else ""
    return (
        f"The scale “{study.scale}” is not the paper's {'geometry' if told else 'size'}{told}. The "
        "order of arms can be held against the paper's, accuracies cannot."
    )
