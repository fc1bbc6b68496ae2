"""The paper's claims held against the runs: our number, a verdict and its reason in a few words.

Pure functions that give data; the report words them. The rules are those of
docs/statistics.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ablation.statistics.comparison import Found, stuck_runs, values_of
from ablation.statistics.config import (
    MAJORITY,
    AboveClaim,
    ClaimsConfig,
    DifferenceClaim,
    LabelsClaim,
    LevelClaim,
    NoneHigherClaim,
)
from ablation.statistics.intervals import (
    Interval,
    label_deviations,
    level_interval,
    maximum_of,
    mean_interval,
)
from ablation.statistics.ranks import SIGNIFICANCE, holm
from ablation.statistics.regimes import Regime, may_fail

OnArms = DifferenceClaim | NoneHigherClaim | LevelClaim | AboveClaim
Verdict = Literal["holds", "fails", "open", "not applicable"]

FEWEST_RUNS = 5  # whose spread a t interval may trust
# Reasons.
NOT_MEASURED = "not measured"
NOT_TESTED = "not tested at this scale"
NO_CHANGES = "no eight measurements at a nearly constant rate"
UNLIKE = "measured on unlike numbers of images"
FEW_RUNS = "fewer than five runs"
SIGNIFICANT, CONTRARY = "significant", "significant, the other way"
EQUAL, UNEQUAL = "equal within the margin", "significant, not within the margin"
NOT_HIGHER, HIGHER = "upper bound below the margin", "significantly higher"
NOT_SIGNIFICANT, WIDE = "not significant", "interval too wide"
ABOVE, BELOW, ACROSS = "above the level", "below the level", "the interval holds the level"
OUTSIDE = "outside the margin"


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
    """

    name: str
    metric: str = ""
    of: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    over: str = "seeds"


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
        blank = Judgement(name, claim.section, claim.sentence, "open", NOT_MEASURED)
        if name in config.not_applicable:
            reason = config.not_applicable[name]
            judgements.append(replace(blank, verdict="not applicable", why=reason))
        elif isinstance(claim, LabelsClaim):
            judgements.append(_labels(blank, claim, study))
        else:
            blank = replace(blank, stuck=tuple(stuck_runs(study.runs, *claim.arms)))
            found = _of_arms(blank, config, claim, study)
            judgements.append(_within_rules(found, config, claim, study))
    return judgements


def _of_arms(blank: Judgement, config: ClaimsConfig, claim: OnArms, study: Study) -> Judgement:
    if isinstance(claim, DifferenceClaim):
        return _difference(blank, config, claim, study)
    if isinstance(claim, NoneHigherClaim):
        return _none_higher(blank, config, claim, study)
    if isinstance(claim, AboveClaim):
        return _above(blank, config, claim, study)
    return _level(blank, config, claim, study)


def _within_rules(found: Judgement, config: ClaimsConfig, claim: OnArms, study: Study) -> Judgement:
    """The rules that stand above every number: runs that are stuck, and the paper's regime."""
    for arm in claim.arms:
        stuck, runs = len(stuck_runs(study.runs, arm)), int((study.runs["arm"] == arm).sum())
        expected = arm in config.statistics.fails_in_paper
        if not expected and stuck >= config.statistics.stuck_share * runs:
            return replace(found, verdict="open", why=f"{stuck} of {runs} runs of an arm are stuck")
    regime = may_fail(claim.regimes, study.regimes, study.scale)
    if found.verdict == "fails" and not regime:
        return replace(found, verdict="open", why=NOT_TESTED)
    if found.verdict == "holds" and not regime:
        return replace(found, why=f"{found.why}, at scale {study.scale}")
    return found


def _pair(study: Study, metric: str, arm: str, other: str) -> dict | None:
    """The comparison of arm - other, whichever way round the table has it."""
    rows = study.comparisons[study.comparisons["metric"] == metric].to_dict("records")
    for row in rows:
        if (row["arm"], row["other"]) == (arm, other):
            return row
        if (row["arm"], row["other"]) == (other, arm):
            turned = {"higher": "lower", "lower": "higher"}
            return row | {
                "n": row["n_other"], "n_other": row["n"], "above": row["other_above"],
                "difference": -row["difference"], "low": -row["high"], "high": -row["low"],
                "low_90": -row["high_90"], "high_90": -row["low_90"],
                "found": turned.get(row["found"], row["found"]),
            }  # fmt: skip
    return None


def _difference(
    blank: Judgement, config: ClaimsConfig, claim: DifferenceClaim, study: Study
) -> Judgement:
    """Two arms: what the comparison found, held against what the claim expects."""
    metric, row = config.metrics[claim.metric], _pair(study, claim.metric, *claim.arms)
    name = Number(metric.label, claim.metric)
    if row is None:
        why = NO_CHANGES if metric.take == "spread" else NOT_MEASURED
        return replace(blank, why=why, numbers=(name,))
    verdict, why = _held(config, claim, row)
    if metric.take == "spread" and not _alike(config, claim.arms):
        verdict, why = "open", UNLIKE
    return replace(
        blank,
        verdict=verdict,
        why=why,
        numbers=(_shift(name, row),),
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
        return ("open", WIDE) if found == "open" else ("fails", UNEQUAL)
    if claim.expect == "not_higher":
        if narrow.high < margin:
            return "holds", NOT_HIGHER
        return ("fails", HIGHER) if found == "higher" else ("open", WIDE)
    if found == claim.expect:
        return "holds", SIGNIFICANT
    reasons = {"open": NOT_SIGNIFICANT, "equal": EQUAL}
    return ("open" if found == "open" else "fails"), reasons.get(found, CONTRARY)


def _alike(config: ClaimsConfig, arms: Sequence[str]) -> bool:
    """Whether both arms' curves are measured as often and on as many images."""
    first, second = (config.arms[arm] for arm in arms)
    return (first.epoch_images, first.measured_validation) == (
        second.epoch_images, second.measured_validation,
    )  # fmt: skip


def _none_higher(
    blank: Judgement, config: ClaimsConfig, claim: NoneHigherClaim, study: Study
) -> Judgement:
    """Several arms against one: Holm's correction is over all of them, whatever their questions."""
    metric, pairs = config.metrics[claim.metric], claim.pairs
    rows = [row for pair in pairs if (row := _pair(study, claim.metric, *pair))]
    if len(rows) < len(pairs):
        return blank
    corrected, margin = holm([row["p"] for row in rows]), config.statistics.margin
    higher = [
        (p, row)
        for p, row in zip(corrected, rows, strict=True)
        if p < SIGNIFICANCE and row["difference"] > 0 and row["high_90"] >= margin
    ]
    below = all(row["high_90"] < margin for row in rows)
    # What is shown is the arm that comes nearest to being higher.
    p, row = max(zip(corrected, rows, strict=True), key=lambda pair: pair[1]["high_90"])
    p, row = min(higher, key=lambda pair: pair[0], default=(p, row))
    return replace(
        blank,
        verdict="holds" if below else "fails" if higher else "open",
        why=NOT_HIGHER if below else HIGHER if higher else WIDE,
        numbers=(_shift(Number(metric.label, claim.metric, row["arm"]), row),),
        n=(row["n"], row["n_other"]),
        p=p,
        above=row["above"],
    )


def _level(blank: Judgement, config: ClaimsConfig, claim: LevelClaim, study: Study) -> Judgement:
    """One arm: its interval on one side of the level, on the other, or across it."""
    (arm,), metric = claim.arms, config.metrics[claim.metric]
    runs = study.runs[study.runs["arm"] == arm]
    if claim.level == MAJORITY:  # as "not higher": what it may surely not exceed is the margin
        level = float(runs["majority"].mean()) + config.statistics.margin
    else:
        level = float(claim.level)
    number = Number(metric.label, claim.metric, level=level)
    values = values_of(runs, arm, claim.metric)
    if len(values) == 0:
        return replace(blank, numbers=(number,))
    images = None
    if metric.take == "final" and metric.of == "test_accuracy":
        # All seeds share the test images; validation images change with the seed.
        images = int(runs["test_images"].iloc[0])
    interval = level_interval(values, images)
    over = "seeds and images" if images else "seeds"
    number = replace(number, value=float(values.mean()), over=over)
    found = replace(blank, n=(len(values),), numbers=(_with(number, interval),))
    if interval is None or len(values) < FEWEST_RUNS:
        return replace(found, why=FEW_RUNS)
    above, below = interval.low >= level, interval.high < level
    reached, missed = (above, below) if claim.expect == "at_least" else (below, above)
    verdict: Verdict = "holds" if reached else "fails" if missed else "open"
    return replace(found, verdict=verdict, why=_side(above, below))


def _side(above: bool, below: bool) -> str:
    return ABOVE if above else BELOW if below else ACROSS


def _above(blank: Judgement, config: ClaimsConfig, claim: AboveClaim, study: Study) -> Judgement:
    """One arm: the interval of each metric above its level, one of them not, or neither."""
    numbers, intervals, values = [], [], np.zeros(0)
    for name, level in claim.metrics.items():
        values = values_of(study.runs, claim.arms[0], name)
        if len(values) == 0:
            return blank
        interval = mean_interval(values)
        number = Number(config.metrics[name].label, name, "", float(values.mean()), level=level)
        numbers.append(_with(number, interval))
        intervals.append((interval, level))
    found = replace(blank, n=(len(values),), numbers=tuple(numbers))
    if len(values) < FEWEST_RUNS:
        return replace(found, why=FEW_RUNS)
    above = all(interval is not None and interval.low > level for interval, level in intervals)
    below = any(interval is not None and interval.high < level for interval, level in intervals)
    verdict: Verdict = "holds" if above else "fails" if below else "open"
    return replace(found, verdict=verdict, why=_side(above, below))


def _shift(number: Number, row: dict) -> Number:
    """The number of a comparison; what is infinite, since runs never reach a level, is None."""
    found = (row["difference"], row["low"], row["high"])
    value, low, high = (each if np.isfinite(each) else None for each in found)
    return replace(number, value=value, low=low, high=high)


def _with(number: Number, interval: Interval | None) -> Number:
    return number if interval is None else replace(number, low=interval.low, high=interval.high)


def _labels(blank: Judgement, claim: LabelsClaim, study: Study) -> Judgement:
    """The label that is furthest from what is expected of it; no run takes part."""
    deviations = label_deviations(study.labels, maximum_of(claim.digits, study.classes))
    label = max(range(len(deviations)), key=lambda k: abs(deviations[k][0]))
    value, interval = deviations[label]
    within = all(each.inside(claim.margin) for _, each in deviations)
    beyond = any(each.low > claim.margin or each.high < -claim.margin for _, each in deviations)
    name = f"share of label {label} less that of the largest of {claim.digits}"
    return replace(
        blank,
        verdict="holds" if within else "fails" if beyond else "open",
        why=EQUAL if within else OUTSIDE if beyond else WIDE,
        numbers=(Number(name, "", "", value, interval.low, interval.high, over="images"),),
        n=(int(study.labels.sum()),),
    )
