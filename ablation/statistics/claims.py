"""The paper's claims held against the runs: ours beside the paper's figure, and a verdict.

Pure functions; the rules are those of docs/statistics.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ablation.evaluation.metrics import wilson
from ablation.reporting.words import NOTHING, counted, difference, level
from ablation.statistics.comparison import Runs, paired
from ablation.statistics.config import (
    ClaimConfig,
    ClaimsConfig,
    DifferenceClaim,
    FinalMetric,
    LabelsClaim,
    LevelClaim,
    Metric,
)
from ablation.statistics.paired import Differences, Interval, mean_interval
from ablation.statistics.run_metrics import measure
from ablation.statistics.variance import maximum_of, skew
from ablation.statistics.verdict import CONFIDENCE, EQUIVALENCE, VERDICT_SEEDS

PAPER_SCALE = "paper"
HOLDS, FAILS, UNDECIDED = "holds", "fails", "undecided"
NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Study:
    """What claims are judged on.

    Attributes:
        scale: how big the study is.
        runs: (arm, seed) -> run.
        comparisons: the table of `ablation.statistics.comparison.compare`.
        labels: (10,) counts of the labels of Modified MNIST, without the test images.
        classes: (10,) shares of MNIST's classes, of which its digits are drawn.
    """

    scale: str
    runs: Runs
    comparisons: pd.DataFrame
    labels: NDArray[np.int64]
    classes: NDArray[np.float64]


@dataclass(frozen=True)
class Judgement:
    """One claim as tables print it, and its numbers.

    Attributes:
        claim: its name in params.yaml.
        paper, ours: the paper's figure and ours with its interval, as text.
        verdict: holds, fails, or undecided with what it is undecided at.
        seeds: how many runs of each arm stand behind it; 0 where no run does.
        value, low, high: ours in numbers, shares or epochs; None where not measured.
        values: one a seed.
        metric: what was measured.
    """

    claim: str
    section: str
    sentence: str
    paper: str
    ours: str
    verdict: str
    seeds: int
    metric: str
    value: float | None
    low: float | None
    high: float | None
    values: list[float]


@dataclass(frozen=True)
class _Found:
    """What was found on a claim, before it is put in words."""

    paper: str
    ours: str
    verdict: str
    metric: str
    values: NDArray[np.float64]
    value: float | None = None
    interval: Interval | None = None


def judge(config: ClaimsConfig, study: Study) -> list[Judgement]:
    """Every claim of params.yaml with its verdict, in their order."""
    judgements = []
    for name, claim in config.claims.items():
        found = _find(config, claim, study)
        judgements.append(
            Judgement(
                claim=name,
                section=claim.section,
                sentence=claim.sentence,
                paper=found.paper,
                ours=found.ours,
                verdict=found.verdict,
                seeds=len(found.values),
                metric=found.metric,
                value=found.value,
                low=found.interval.low if found.interval else None,
                high=found.interval.high if found.interval else None,
                values=[float(value) for value in found.values],
            )
        )
    return judgements


def _find(config: ClaimsConfig, claim: ClaimConfig, study: Study) -> _Found:
    if isinstance(claim, LabelsClaim):
        return _labels(claim, study)
    if isinstance(claim, LevelClaim):
        return _level(config, claim, study)
    return _difference(config, claim, study)


def _difference(config: ClaimsConfig, claim: DifferenceClaim, study: Study) -> _Found:
    """Two arms: what the comparison found, held against what the claim expects."""
    metric = config.metrics[claim.metric]
    paper = NOTHING if claim.paper is None else difference(claim.paper, None, None, metric)
    first, second = claim.arms
    values, _ = paired(study.runs, first, second, metric)
    if len(values) == 0:
        return _not_measured(paper, metric)
    value = float(np.mean(values))
    interval = mean_interval(values, CONFIDENCE)
    verdict = undecided(len(values), study.scale)
    found = _direction(config, claim, study, values)
    if found is not None:
        verdict = HOLDS if found == claim.expect else FAILS
    ours = difference(value, *_bounds(interval), metric)
    return _Found(paper, ours, verdict, metric.label, values, value, interval)


def _direction(
    config: ClaimsConfig, claim: DifferenceClaim, study: Study, values: Differences
) -> str | None:
    """Higher, lower or equivalent, as far as that may be said; None where it may not."""
    if len(values) < VERDICT_SEEDS:
        return None
    if claim.expect == "equivalent":
        # A difference that is surely not 0 may still be surely smaller than what matters.
        narrow = mean_interval(values, EQUIVALENCE)
        if narrow is not None and narrow.inside(config.statistics.margin):
            return "equivalent"
    table = study.comparisons
    pair = table["arm"].isin(claim.arms) & table["other"].isin(claim.arms)
    said = table[pair & (table["metric"] == claim.metric)].iloc[0]["verdict"]
    if said in ("better", "worse"):
        return "higher" if np.mean(values) > 0 else "lower"
    return "equivalent" if said == "equivalent" else None


def _level(config: ClaimsConfig, claim: LevelClaim, study: Study) -> _Found:
    """One arm: its interval on one side of the level, on the other, or across it."""
    metric = config.metrics[claim.metric]
    (arm,) = claim.arms
    paper = NOTHING if claim.paper is None else level(claim.paper, None, None)
    runs = [run for (name, _), run in study.runs.items() if name == arm]
    measured = [value for run in runs if (value := measure(run, metric)) is not None]
    if not measured:
        return _not_measured(paper, metric)
    values = np.array(measured)
    interval = mean_interval(values, CONFIDENCE)
    value = float(np.mean(values))
    ours = level(value, *_bounds(interval))
    if interval is None and isinstance(metric, FinalMetric):
        images = int(runs[0].judged[metric.of.replace("accuracy", "images")] or 0)
        interval = Interval(*wilson(round(value * images), images, CONFIDENCE))
        ours = f"{level(value, *_bounds(interval))} over images"
    verdict = undecided(len(values), study.scale)
    decidable = claim.scales == "any" or study.scale == PAPER_SCALE
    if interval is not None and decidable and len(values) >= VERDICT_SEEDS:
        above, below = interval.low >= claim.level, interval.high <= claim.level
        holds, fails = (above, below) if claim.expect == "at_least" else (below, above)
        verdict = HOLDS if holds else FAILS if fails else verdict
    return _Found(paper, ours, verdict, metric.label, values, value, interval)


def _labels(claim: LabelsClaim, study: Study) -> _Found:
    """The label that is furthest from what the largest of the digits gives; no run takes part."""
    expected = maximum_of(claim.digits, study.classes)
    deviations = skew(study.labels, expected, CONFIDENCE)
    label = max(range(len(deviations)), key=lambda k: abs(deviations[k][0]))
    value, interval = deviations[label]
    verdict = f"{UNDECIDED} at {counted(int(study.labels.sum()), 'image')}"
    if all(each.inside(claim.margin) for _, each in deviations):
        verdict = HOLDS
    elif any(each.low > claim.margin or each.high < -claim.margin for _, each in deviations):
        verdict = FAILS
    metric = Metric(label=f"share of label {label} less that of the largest of {claim.digits}")
    ours = difference(value, interval.low, interval.high, metric)
    return _Found(NOTHING, ours, verdict, metric.label, np.array([]), value, interval)


def undecided(seeds: int, scale: str) -> str:
    return f"{UNDECIDED} at n = {seeds} and scale {scale}"


def _not_measured(paper: str, metric: Metric) -> _Found:
    return _Found(paper, NOT_MEASURED, f"{UNDECIDED}, {NOT_MEASURED}", metric.label, np.array([]))


def _bounds(interval: Interval | None) -> tuple[float | None, float | None]:
    return (None, None) if interval is None else (interval.low, interval.high)
