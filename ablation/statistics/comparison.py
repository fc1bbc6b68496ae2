"""Every comparison of two arms that the study asks for, from the runs to one table.

Pure functions; the rules are those of docs/statistics.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd

from ablation.statistics.config import ClaimsConfig, DifferenceClaim, MetricClaim
from ablation.statistics.intervals import EQUALITY, Interval, Values
from ablation.statistics.ranks import (
    DIGITS,
    SIGNIFICANCE,
    holm,
    mann_whitney,
    shift,
    shift_interval,
    welch,
)

Found = Literal["higher", "lower", "equal", "open"]

COLUMNS = [
    "question", "arm", "other", "metric", "tests", "n", "n_other", "difference", "low", "high",
    "low_90", "high_90", "p", "p_holm", "above", "other_above", "stuck", "welch_low", "welch_high",
    "welch_p", "paper", "found",
]  # fmt: skip


def compare(config: ClaimsConfig, runs: pd.DataFrame) -> pd.DataFrame:
    """One row a pair of arms and metric, with COLUMNS; none where an arm has no number.

    `difference` is the shift of arm - other, in shares or images, `low` to `high` its 95% interval
    and `low_90` to `high_90` its 90% one. `above` is how many runs of the arm lie above the other's
    median, `other_above` how many of the other above the arm's. Holm's correction is over the
    `tests` of a question in one metric, of Welch's p too. `stuck` names runs, ARM-SEED.

    Args:
        runs: runs.csv, a row a run, with every metric of paper.yaml.
    """
    rows = [
        row
        for metric in config.metrics
        for question in config.questions
        if _asked(config, question, metric)
        for row in _rows(config, runs, question, metric)
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    for _, of_question in table.groupby(["question", "metric"]):
        table.loc[of_question.index, "tests"] = len(of_question)
        for p, corrected in (("p", "p_holm"), ("welch_p", "welch_p")):
            # A pair without a p, since a run of it has no finite number, is asked all the same.
            every = pd.Series(holm(list(of_question[p].fillna(1.0))), of_question.index)
            table.loc[of_question.index, corrected] = every.where(of_question[p].notna())
    table["found"] = [found(config, row) for row in table.to_dict("records")]
    return table


def found(config: ClaimsConfig, row: Mapping[str, float]) -> Found:
    """What a comparison says of an arm against the other."""
    if row["p_holm"] < SIGNIFICANCE:
        return "higher" if row["difference"] > 0 else "lower"
    has_margin = config.metrics[str(row["metric"])].has_margin
    within = Interval(row["low_90"], row["high_90"]).inside(config.statistics.margin)
    return "equal" if has_margin and within else "open"


def pair(comparisons: pd.DataFrame, metric: str, arm: str, other: str) -> dict[str, Any] | None:
    """The row of `compare` for arm - other, whichever way round it is there; None without one."""
    for row in comparisons[comparisons["metric"] == metric].to_dict("records"):
        if (row["arm"], row["other"]) == (arm, other):
            return row
        if (row["arm"], row["other"]) == (other, arm):
            turned = {"higher": "lower", "lower": "higher"}
            return row | {
                "arm": arm, "other": other,
                "n": row["n_other"], "n_other": row["n"],
                "above": row["other_above"], "other_above": row["above"],
                "difference": -row["difference"], "low": -row["high"], "high": -row["low"],
                "low_90": -row["high_90"], "high_90": -row["low_90"],
                "welch_low": -row["welch_high"], "welch_high": -row["welch_low"],
                "paper": -row["paper"] if pd.notna(row["paper"]) else None,
                "found": turned.get(row["found"], row["found"]),
            }  # fmt: skip
    return None


def values_of(runs: pd.DataFrame, arm: str, metric: str) -> Values:
    """(n,) of one arm's runs, those that have the metric; a stuck run stays in, at its value."""
    found = runs.loc[runs["arm"] == arm, metric].dropna()
    return found.to_numpy(np.float64).round(DIGITS)


def stuck_runs(runs: pd.DataFrame, *arms: str) -> list[str]:
    """ARM-SEED of these arms' runs that were stuck."""
    rows = runs[runs["arm"].isin(arms) & runs["stuck"]]
    return list(rows["arm"] + "-" + rows["seed"].astype(str))


def partly_stuck(runs: pd.DataFrame) -> set[str]:
    """The arms of which some runs are stuck and some are not: their mean is like no run."""
    share = runs.groupby("arm")["stuck"].mean()
    return {str(arm) for arm in share[(share > 0) & (share < 1)].index}


def _asked(config: ClaimsConfig, question: str, metric: str) -> bool:
    """Whether a question is asked in a metric: then of all its pairs, so that Holm's are fixed."""
    if metric in config.statistics.metrics:
        return True
    pairs = [set(pair) for pair in config.questions[question].pairs]
    return any(
        set(pair) in pairs
        for claim in config.claims.values()
        if isinstance(claim, MetricClaim) and claim.metric == metric
        for pair in claim.pairs
    )


def _rows(config: ClaimsConfig, runs: pd.DataFrame, question: str, metric: str) -> list[dict]:
    rows = []
    for arm, other in config.questions[question].pairs:
        first, second = (values_of(runs, one, metric) for one in (arm, other))
        if len(first) == 0 or len(second) == 0:
            continue
        low, high = shift_interval(first, second)
        low_90, high_90 = shift_interval(first, second, EQUALITY)
        rows.append(
            {
                "question": question,
                "arm": arm,
                "other": other,
                "metric": metric,
                "n": len(first),
                "n_other": len(second),
                "difference": shift(first, second),
                "low": low,
                "high": high,
                "low_90": low_90,
                "high_90": high_90,
                "p": mann_whitney(first, second),
                "above": int((first > np.median(second)).sum()),
                "other_above": int((second > np.median(first)).sum()),
                "stuck": " ".join(stuck_runs(runs, arm, other)) or None,
                **{f"welch_{key}": x for key, x in welch(first, second)._asdict().items()},
                "paper": _paper(config, metric, (arm, other)),
            }
        )
    return rows


def _paper(config: ClaimsConfig, metric: str, pair: tuple[str, str]) -> float | None:
    """The paper's own difference of two single runs, where a claim gives it."""
    for name, claim in config.claims.items():
        if not isinstance(claim, DifferenceClaim) or name in config.not_applicable:
            continue
        if claim.metric == metric and claim.paper is not None:
            if tuple(claim.arms) == pair:
                return claim.paper
            if tuple(claim.arms) == pair[::-1]:
                return -claim.paper
    return None
