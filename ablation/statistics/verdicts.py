"""The paper's claims held against the runs: our number, which way it points, and a verdict.

Pure functions that give data; the report words them. The rules are those of
docs/statistics.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
from ablation.statistics.intervals import (
    EQUIVALENCE,
    Interval,
    label_deviations,
    level_interval,
    maximum_of,
    mean_interval,
)
from ablation.statistics.runs import measure
from ablation.statistics.significance import T_SEEDS

PAPER_SCALE = "paper"

Holds = Literal["holds", "fails", "undecided", "not applicable"]
Direction = Literal["with", "against", "about equal"]
# Why a claim is undecided: too few seeds, a level that only the paper's scale decides, an interval
# too wide, nothing measured. Of a claim that is not applicable, what of it this study has not.
SEEDS, SCALE, WIDE, NOT_MEASURED = "seeds", "scale", "wide", "not measured"

# what was found -> the expectations that hold then; others fail
_HOLDS = {
    "higher": {"higher"},
    "lower": {"lower", "not_higher"},
    "equivalent": {"equivalent", "not_higher"},
}


@dataclass(frozen=True)
class Study:
    """What claims are judged on.

    Attributes:
        scale: how big the study is.
        runs: arm -> seed -> run.
        comparisons: the table of `ablation.statistics.comparison.compare`.
        labels: (10,) counts of the competition's official training labels.
        classes: (10,) shares of MNIST's classes, of which its digits are drawn.
    """

    scale: str
    runs: Runs
    comparisons: pd.DataFrame
    labels: NDArray[np.int64]
    classes: NDArray[np.float64]


@dataclass(frozen=True)
class Judgement:
    """One claim: what was found, in numbers.

    Attributes:
        claim, metric: its name in paper.yaml, and what was measured.
        why: of an undecided claim the reason; of one that is not applicable what it lacks.
        direction: which way ours points; None where the claim has no direction here.
        seeds: how many runs of each arm stand behind it; 0 where no run does.
        seeds_needed: how many a verdict takes.
        images: on how many images ours was measured, where these are part of the interval.
        value, low, high: ours with its 95% interval, shares, epochs or images; None where not
            measured.
        over: what the interval is over: seeds, images, or both.
        values: one a seed.
        unpaired: runs whose partner with the same seed has no number, and so no part in it.
        seeds_to_find: how many seeds would find a difference of this size and spread; of a claim
            of equality, how many would find arms of this spread equivalent if they are alike.
    """

    claim: str
    section: str
    sentence: str
    metric: str
    verdict: Holds
    why: str = ""
    direction: Direction | None = None
    seeds: int = 0
    seeds_needed: int = T_SEEDS
    images: int | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    over: str | None = None
    values: tuple[float, ...] = ()
    unpaired: tuple[str, ...] = ()
    seeds_to_find: int | None = None


def judge(config: ClaimsConfig, study: Study) -> list[Judgement]:
    """Every claim of paper.yaml with its verdict, in their order."""
    judgements = []
    for name, claim in config.claims.items():
        label = "" if isinstance(claim, LabelsClaim) else config.metrics[claim.metric].label
        blank = Judgement(name, claim.section, claim.sentence, label, "undecided", NOT_MEASURED)
        if name in config.not_applicable:
            reason = config.not_applicable[name]
            judgements.append(replace(blank, verdict="not applicable", why=reason))
        elif isinstance(claim, LabelsClaim):
            judgements.append(_labels(blank, claim, study))
        elif isinstance(claim, LevelClaim):
            judgements.append(_level(blank, config, claim, study))
        else:
            judgements.append(_difference(blank, config, claim, study))
    return judgements


def directional(claim: ClaimConfig) -> bool:
    """Whether the claim says that one arm is higher or lower than another."""
    return isinstance(claim, DifferenceClaim) and claim.expect != "equivalent"


def _difference(
    blank: Judgement, config: ClaimsConfig, claim: DifferenceClaim, study: Study
) -> Judgement:
    """Two arms: what the comparison found, held against what the claim expects."""
    metric, (arm, other) = config.metrics[claim.metric], claim.arms
    differences, _, unpaired = paired(study.runs, metric, arm, other)
    if len(differences) == 0:
        return blank
    of_metric = study.comparisons[study.comparisons["metric"] == claim.metric]
    of_pair = of_metric["arm"].isin(claim.arms) & of_metric["other"].isin(claim.arms)
    row = of_metric[of_pair].iloc[0]
    value, seeds, needed = float(np.mean(differences)), len(differences), int(row["seeds_needed"])
    found = None
    if row["verdict"] in ("better", "worse"):
        found = "higher" if value > 0 else "lower"
    elif row["verdict"] == "equivalent":
        found = "equivalent"
    narrow = mean_interval(differences, EQUIVALENCE)
    equal = claim.expect == "equivalent" and metric.has_margin and seeds >= T_SEEDS
    if equal and narrow is not None and narrow.inside(config.statistics.margin):
        # A difference that is surely not 0 may still be surely smaller than what matters.
        found = "equivalent"
    verdict: Holds = "undecided"
    if found is not None:
        verdict = "holds" if claim.expect in _HOLDS[found] else "fails"
    to_find = row["seeds_to_equal" if claim.expect == "equivalent" else "seeds_to_find"]
    return replace(
        blank,
        verdict=verdict,
        why="" if found is not None else SEEDS if seeds < needed else WIDE,
        direction=_direction(claim, metric, value, config.statistics.margin),
        seeds=seeds,
        seeds_needed=needed,
        seeds_to_find=None if pd.isna(to_find) else int(to_find),
        values=tuple(map(float, differences)),
        unpaired=tuple(unpaired),
        **_numbers(value, mean_interval(differences), "seeds"),
    )


def _direction(claim: DifferenceClaim, metric: Metric, value: float, margin: float) -> Direction:
    """Which way our mean points, whether or not it is significant."""
    equal = metric.about_equal(value, margin)
    if claim.expect == "equivalent":
        return "with" if equal else "against"
    if equal:
        return "with" if claim.expect == "not_higher" else "about equal"
    return "with" if (value > 0) == (claim.expect == "higher") else "against"


def _level(blank: Judgement, config: ClaimsConfig, claim: LevelClaim, study: Study) -> Judgement:
    """One arm: its interval on one side of the level, on the other, or across it."""
    metric, runs = config.metrics[claim.metric], study.runs.get(claim.arms[0], {})
    reached = [run for run in runs.values() if measure(run, metric) is not None]
    if not reached:
        return blank
    numbers = np.array([measure(run, metric) for run in reached], np.float64)
    value = float(np.mean(numbers))
    images = None
    # All seeds share the test images; validation images change with the seed.
    shared = {"test_accuracy", "validation_accuracy" if len(numbers) == 1 else ""}
    if isinstance(metric, FinalMetric) and metric.of in shared:
        images = int(reached[0].judged[metric.of.replace("accuracy", "images")])
    interval = level_interval(numbers, images)
    over = " and ".join(["seeds"] * (len(numbers) > 1) + ["images"] * (images is not None))
    side = None
    if interval is not None and interval.excludes(claim.level):
        side = "at_least" if interval.low > claim.level else "at_most"
    decidable = claim.scales == "any" or study.scale == PAPER_SCALE
    why = SEEDS if len(numbers) < T_SEEDS else WIDE if side is None else ""
    why = why if decidable else SCALE
    above = (value >= claim.level) == (claim.expect == "at_least")
    return replace(
        blank,
        verdict="undecided" if why else "holds" if side == claim.expect else "fails",
        why=why,
        direction=("with" if above else "against") if decidable else None,
        seeds=len(numbers),
        images=images,
        values=tuple(map(float, numbers)),
        **_numbers(value, interval, over),
    )


def _labels(blank: Judgement, claim: LabelsClaim, study: Study) -> Judgement:
    """The label that is furthest from what is expected of it; no run takes part."""
    deviations = label_deviations(study.labels, maximum_of(claim.digits, study.classes))
    label = max(range(len(deviations)), key=lambda k: abs(deviations[k][0]))
    value, interval = deviations[label]
    within = all(each.inside(claim.margin) for _, each in deviations)
    beyond = any(each.low > claim.margin or each.high < -claim.margin for _, each in deviations)
    return replace(
        blank,
        metric=f"share of label {label} less that of the largest of {claim.digits}",
        verdict="holds" if within else "fails" if beyond else "undecided",
        why="" if within or beyond else WIDE,
        images=int(study.labels.sum()),
        **_numbers(value, interval, "images"),
    )


def _numbers(value: float, interval: Interval | None, over: str) -> dict[str, Any]:
    """Value and interval as fields of a judgement."""
    bounds = {} if interval is None else {"low": interval.low, "high": interval.high, "over": over}
    return {"value": value, **bounds}
