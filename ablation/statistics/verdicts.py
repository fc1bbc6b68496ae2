"""The paper's claims tested against the runs: our number, a verdict and its reason in a few words.

Pure functions that give data; the report words them. The rules are in docs/statistics.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ablation.statistics.comparison import Found, pair, stuck_runs, values_of
from ablation.statistics.config import (
    MAJORITY,
    ArmsClaim,
    ClaimsConfig,
    DifferenceClaim,
    LabelsClaim,
    LevelClaim,
    NoneHigherClaim,
)
from ablation.statistics.intervals import Interval, label_deviations, level_interval, maximum_of
from ablation.statistics.ranks import SIGNIFICANCE, holm
from ablation.statistics.regimes import Regime, may_fail

Verdict = Literal["holds", "fails", "open", "not applicable"]

FEWEST_RUNS = 5  # whose spread a t interval may trust
NOT_MEASURED, WIDE = "not measured", "interval too wide"
EQUAL, NOT_HIGHER = "equal within the margin", "upper bound below the margin"
SIDES = {1: "above the level", -1: "below the level", 0: "the interval contains the level"}


@dataclass(frozen=True)
class Study:
    """What claims are judged on.

    Attributes:
        scale: how big the study is.
        runs: runs.csv, a row a run, with every metric of paper.yaml.
        comparisons: the table of `ablation.statistics.comparison.compare`.
        regimes: which of the paper's regimes are met.
        labels: (10,) counts of the competition's official training labels.
        classes: (10,) shares of MNIST's classes, of which its digits are drawn.
    """

    scale: str
    runs: pd.DataFrame
    comparisons: pd.DataFrame
    regimes: list[Regime]
    labels: NDArray[np.int64]
    classes: NDArray[np.float64]


@dataclass(frozen=True)
class Number:
    """A number of ours with its 95% interval, in shares or images; None where there is none.

    Attributes:
        name: what was measured.
        metric: its name in paper.yaml, "" for labels.
        of: of several pairs of arms that which it is of.
        level: what it is held against, None for a difference.
        over: what the interval is over: seeds, images, or both.
        median: of a level beside its mean, where a run is stuck.
    """

    name: str
    metric: str = ""
    of: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    over: str = "seeds"
    median: float | None = None


@dataclass(frozen=True)
class Judgement:
    """One claim: what was found, in numbers.

    Attributes:
        claim: its name in paper.yaml.
        why: the verdict's reason; of a claim that is not applicable what its arms are not.
        numbers: what decides; of a claim on several metrics one a metric.
        n: how many runs of each arm stand behind it, or how many images where no run does.
        p: of a difference, after Holm's correction.
        above: how many runs of the first arm lie above the second's median.
        stuck: runs of its arms, ARM-SEED, that were stuck.
    """

    claim: str
    section: str
    sentence: str
    verdict: Verdict
    why: str
    numbers: tuple[Number, ...] = ()
    n: tuple[int, ...] = ()
    p: float | None = None
    above: int | None = None
    stuck: tuple[str, ...] = ()


def judge(config: ClaimsConfig, study: Study) -> list[Judgement]:
    """Every claim of paper.yaml with its verdict, in their order."""
    judgements = []
    for name, claim in config.claims.items():
        found = Judgement(name, claim.section, claim.sentence, "open", NOT_MEASURED)
        if name in config.not_applicable:
            found = replace(found, verdict="not applicable", why=config.not_applicable[name])
        elif isinstance(claim, LabelsClaim):
            found = _labels(found, claim, study)
        else:
            found = replace(found, stuck=tuple(stuck_runs(study.runs, *claim.arms)))
            if isinstance(claim, DifferenceClaim):
                found = _difference(found, config, claim, study)
            elif isinstance(claim, NoneHigherClaim):
                found = _none_higher(found, config, claim, study)
            else:
                found = _level(found, config, claim, study)
            found = _within_rules(found, config, claim, study)
        judgements.append(found)
    return judgements


def _within_rules(
    found: Judgement, config: ClaimsConfig, claim: ArmsClaim, study: Study
) -> Judgement:
    """The rules that stand above every number: runs that are stuck, and the paper's regime."""
    for arm in {*claim.arms} - {*config.statistics.fails_in_paper}:
        stuck, runs = len(stuck_runs(study.runs, arm)), int((study.runs["arm"] == arm).sum())
        if stuck and stuck >= config.statistics.stuck_share * runs:
            return replace(found, verdict="open", why="too many runs of an arm are stuck")
    if may_fail(claim.regimes, study.regimes, study.scale):
        return found
    if found.verdict == "fails":
        return replace(found, verdict="open", why="not tested at this scale")
    at = f", at scale {study.scale}" if found.verdict == "holds" else ""
    return replace(found, why=found.why + at)


def _difference(
    blank: Judgement, config: ClaimsConfig, claim: DifferenceClaim, study: Study
) -> Judgement:
    """Two arms: what the comparison found, held against what the claim expects."""
    metric, row = config.metrics[claim.metric], pair(study.comparisons, claim.metric, *claim.arms)
    if row is None:
        spread = "no eight measurements at a nearly constant rate"
        why = spread if metric.take == "spread" else NOT_MEASURED
        return replace(blank, why=why, numbers=(Number(metric.label, claim.metric),))
    verdict, why = _held(config, claim, row)
    facts = [config.arms[arm] for arm in claim.arms]
    measured = {(each.epoch_images, each.measured_validation) for each in facts}
    if metric.take == "spread" and len(measured) > 1:
        verdict, why = "open", "measured on unlike numbers of images"
    if np.isinf(study.runs.loc[study.runs["arm"].isin(claim.arms), claim.metric]).all():
        verdict, why = "open", "no run of either arm reaches the level"
    return _compared(replace(blank, verdict=verdict, why=why), config, claim.metric, row)


def _compared(
    found: Judgement, config: ClaimsConfig, metric: str, row: dict, of: str = ""
) -> Judgement:
    """With the numbers of a comparison; what is infinite, since runs never arrive, is None."""
    ends = (row["difference"], row["low"], row["high"])
    value, low, high = (each if np.isfinite(each) else None for each in ends)
    return replace(
        found,
        numbers=(Number(config.metrics[metric].label, metric, of, value, low, high),),
        n=(row["n"], row["n_other"]),
        p=row["p_holm"],
        above=row["above"],
    )


def _held(config: ClaimsConfig, claim: DifferenceClaim, row: dict) -> tuple[Verdict, str]:
    found: Found = row["found"]
    narrow, margin = Interval(row["low_90"], row["high_90"]), config.statistics.margin
    if claim.expect == "equal":
        # A difference that is surely not 0 may still be surely smaller than what matters.
        if narrow.inside(margin):
            return "holds", EQUAL
        return (
            ("open", WIDE) if found == "open" else ("fails", "significant, not within the margin")
        )
    if claim.expect == "not_higher":
        if narrow.high < margin:
            return "holds", NOT_HIGHER
        return ("fails", "significantly higher") if found == "higher" else ("open", WIDE)
    if found == claim.expect:
        return "holds", "significant"
    if found == "open":
        return "open", "not significant"
    return "fails", EQUAL if found == "equal" else "significant, the other way"


def _none_higher(
    blank: Judgement, config: ClaimsConfig, claim: NoneHigherClaim, study: Study
) -> Judgement:
    """Several arms against one: Holm's correction is over all of them, whatever their questions."""
    rows = [row for arms in claim.pairs if (row := pair(study.comparisons, claim.metric, *arms))]
    if len(rows) < len(claim.pairs):
        return blank
    margin = config.statistics.margin
    for row, p in zip(rows, holm([row["p"] for row in rows]), strict=True):
        row["p_holm"] = p
    higher = [row for row in rows if row["p_holm"] < SIGNIFICANCE and row["difference"] > 0]
    higher = [row for row in higher if row["high_90"] >= margin]
    # What is shown is what decides, or else the arm that comes nearest to being higher.
    nearest = max(rows, key=lambda row: row["high_90"])
    shown = min(higher, key=lambda row: row["p_holm"], default=nearest)
    if higher:
        found = replace(blank, verdict="fails", why="significantly higher")
    elif nearest["high_90"] < margin:
        found = replace(blank, verdict="holds", why=NOT_HIGHER)
    else:
        found = replace(blank, why=WIDE)
    return _compared(found, config, claim.metric, shown, of=shown["arm"])


def _level(blank: Judgement, config: ClaimsConfig, claim: LevelClaim, study: Study) -> Judgement:
    """One arm: the interval of each metric on one side of its level, on the other, or across it."""
    runs = study.runs[study.runs["arm"] == claim.arms[0]]
    numbers, sides, fewest = [], [], len(runs)
    for name, asked in claim.levels.items():
        metric, values = config.metrics[name], values_of(runs, claim.arms[0], name)
        # As "not higher": the margin is what a network may not surely exceed the class by.
        majority = float(runs["majority"].mean()) + config.statistics.margin
        level = majority if asked == MAJORITY else float(asked)
        if len(values) == 0:
            return replace(blank, numbers=(Number(metric.label, name, level=level),))
        # All seeds share the test images; validation images change with the seed.
        shared = metric.take == "final" and metric.of == "test_accuracy"
        interval = level_interval(values, int(runs["test_images"].iloc[0]) if shared else None)
        low, high = interval or (None, None)
        over = "seeds" if not shared else "images" if len(values) == 1 else "seeds and images"
        value, median = float(values.mean()), float(np.median(values)) if blank.stuck else None
        numbers.append(Number(metric.label, name, "", value, low, high, level, over, median))
        sides.append(
            0 if interval is None else int(interval.low >= level) - int(interval.high < level)
        )
        fewest = min(fewest, len(values))
    found = replace(blank, n=(fewest,), numbers=tuple(numbers))
    if fewest < FEWEST_RUNS:
        return replace(found, why="fewer than five runs")
    wanted = 1 if claim.expect == "at_least" else -1
    if -wanted in sides:
        return replace(found, verdict="fails", why=SIDES[-wanted])
    if 0 in sides:
        return replace(found, why=SIDES[0])
    return replace(found, verdict="holds", why=SIDES[wanted])


def _labels(blank: Judgement, claim: LabelsClaim, study: Study) -> Judgement:
    """The label that is furthest from what is expected of it; no run takes part."""
    deviations = label_deviations(study.labels, maximum_of(claim.digits, study.classes))
    label = max(range(len(deviations)), key=lambda k: abs(deviations[k][0]))
    value, interval = deviations[label]
    within = all(each.inside(claim.margin) for _, each in deviations)
    beyond = any(each.low > claim.margin or each.high < -claim.margin for _, each in deviations)
    name = f"share of label {label} minus that of the largest of {claim.digits} digits"
    return replace(
        blank,
        verdict="holds" if within else "fails" if beyond else "open",
        why=EQUAL if within else "outside the margin" if beyond else WIDE,
        numbers=(Number(name, "", "", value, interval.low, interval.high, over="images"),),
        n=(int(study.labels.sum()),),
    )
