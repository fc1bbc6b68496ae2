"""Every comparison of two arms that the study asks for, from the runs to one table.

Pure functions; the rules are those of docs/statistics.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from ablation.statistics.config import ClaimsConfig, DifferenceClaim, Metric
from ablation.statistics.multiplicity import holm
from ablation.statistics.paired import (
    Differences,
    Interval,
    improvement,
    improvement_interval,
    mean_interval,
    sign_flip_p,
)
from ablation.statistics.run_metrics import Run, measure
from ablation.statistics.verdict import (
    CONFIDENCE,
    EQUIVALENCE,
    VERDICT_SEEDS,
    in_words,
    verdict,
)

Runs = Mapping[tuple[str, int], Run]
Pair = tuple[str, str]

BASELINE, PAIRS = "baseline", "pairs"  # the families of tests

COLUMNS = (
    "arm",
    "other",
    "metric",
    "family",
    "seeds",
    "difference",
    "low",
    "high",
    "low_90",
    "high_90",
    "p",
    "p_holm",
    "improvement",
    "improvement_low",
    "improvement_high",
    "diverged",
    "paper",
    "verdict",
)


def compare(
    config: ClaimsConfig, runs: Runs, baseline: str, data_sets: Mapping[str, str]
) -> pd.DataFrame:
    """One row a pair of arms and metric, with COLUMNS; none where no seed has the metric.

    Differences are arm - other, in shares or epochs; `improvement` is the share of seeds with
    which the arm is the better one. Holm's correction is over a `family` in one metric: all arms
    against the baseline, or all other pairs. With fewer than nine seeds there is no p.

    Args:
        config: what to compare and how.
        runs: (arm, seed) -> run, of every run of the study.
        baseline: the arm that the others are compared with.
        data_sets: arm -> the data set it sees.
    """
    rows = []
    for name, metric in config.metrics.items():
        for arm, other in pairs(config, name, best_pairs(config, runs, data_sets)):
            differences, diverged = paired(runs, arm, other, metric)
            if len(differences) > 0:
                # Drawn by name, so that a pair's interval stays when another pair is added.
                rng = np.random.default_rng(
                    [config.statistics.resample_seed, *f"{arm}/{other}/{name}".encode()]
                )
                row = _row(config, metric, differences, rng)
                paper = _paper(config, name, (arm, other))
                rows.append(
                    {"arm": arm, "other": other, "metric": name, "diverged": diverged,
                     "family": BASELINE if other == baseline else PAIRS, "paper": paper, **row}
                )  # fmt: skip
    table = pd.DataFrame(rows, columns=[*COLUMNS, "better_by"]).astype({"p_holm": float})
    for _, family in table.groupby(["metric", "family"]):
        tested = family[family["p"].notna()]
        table.loc[tested.index, "p_holm"] = holm(list(tested["p"]))
    table["verdict"] = [
        _verdict(config, config.metrics[row["metric"]], row) for _, row in table.iterrows()
    ]
    return table[list(COLUMNS)]


def paired(runs: Runs, arm: str, other: str, metric: Metric) -> tuple[Differences, int]:
    """(n,) differences arm - other over the seeds that both have, and how many runs diverged.

    A run that diverged stays in, at the value it reached.
    """
    seeds = [seed for name, seed in runs if name == arm and (other, seed) in runs]
    differences, diverged = [], 0
    for seed in seeds:
        both = runs[arm, seed], runs[other, seed]
        first, second = (measure(run, metric) for run in both)
        if first is not None and second is not None:
            differences.append(first - second)
            diverged += sum(run.diverged for run in both)
    return np.array(differences, dtype=np.float64), diverged


def pairs(config: ClaimsConfig, metric: str, best: Iterable[Pair]) -> list[Pair]:
    """What is compared in a metric: every pair of the study, or those that a claim names in it."""
    every: list[Pair] = [(arm, other) for arm, other in config.pairs]
    if metric in config.statistics.metrics:
        known = [set(pair) for pair in every]
        return every + [pair for pair in best if set(pair) not in known]
    claimed = [
        set(claim.arms)
        for claim in config.claims.values()
        if isinstance(claim, DifferenceClaim) and claim.metric == metric
    ]
    return [pair for pair in every if set(pair) in claimed]


def best_pairs(config: ClaimsConfig, runs: Runs, data_sets: Mapping[str, str]) -> list[Pair]:
    """The best arm of each group of a figure against the others' (paper, section 4.3).

    Best by mean validation accuracy, ties to the first named: the test set chooses nothing.
    """

    def accuracy(arm: str) -> float:
        values = [run.judged["validation_accuracy"] for (name, _), run in runs.items()
                  if name == arm]  # fmt: skip
        return float(np.mean([value for value in values if value is not None]))

    found: list[Pair] = []
    for groups in config.groups:
        chosen = dict.fromkeys(max(arms, key=accuracy) for arms in groups.values())
        for first, second in combinations(chosen, 2):
            known = {first, second} in [set(pair) for pair in found]
            if data_sets[first] == data_sets[second] and not known:
                found.append((second, first))
    return found


def _row(
    config: ClaimsConfig, metric: Metric, differences: Differences, rng: np.random.Generator
) -> dict[str, float | int | None]:
    """What the differences alone say."""
    gains = differences if metric.more_is_better else -differences
    tested = len(differences) >= VERDICT_SEEDS
    low, high = _bounds(mean_interval(differences, CONFIDENCE))
    low_90, high_90 = _bounds(mean_interval(differences, EQUIVALENCE))
    p = sign_flip_p(differences, rng) if tested else None
    ahead = _bounds(improvement_interval(gains, CONFIDENCE, config.statistics.resamples, rng))
    return {
        "seeds": len(differences),
        "difference": float(np.mean(differences)),
        "better_by": float(np.mean(gains)),
        "low": low,
        "high": high,
        "low_90": low_90,
        "high_90": high_90,
        "p": p,
        "improvement": improvement(gains),
        "improvement_low": ahead[0],
        "improvement_high": ahead[1],
    }


def _bounds(interval: Interval | None) -> tuple[float | None, float | None]:
    return (None, None) if interval is None else (interval.low, interval.high)


def _verdict(config: ClaimsConfig, metric: Metric, row: pd.Series) -> str:
    seeds = int(row["seeds"])
    said = verdict(
        seeds=seeds,
        p_adjusted=None if pd.isna(row["p_holm"]) else float(row["p_holm"]),
        excludes_zero=seeds > 1 and Interval(row["low"], row["high"]).excludes(0.0),
        positive=row["better_by"] > 0,
        within_margin=metric.has_margin
        and seeds > 1
        and Interval(row["low_90"], row["high_90"]).inside(config.statistics.margin),
    )
    return in_words(said, seeds)


def _paper(config: ClaimsConfig, metric: str, pair: Pair) -> float | None:
    """The paper's own difference of two single runs, where a claim gives it."""
    for claim in config.claims.values():
        if isinstance(claim, DifferenceClaim) and claim.metric == metric:
            if claim.paper is not None and tuple(claim.arms) == pair:
                return claim.paper
            if claim.paper is not None and tuple(claim.arms) == pair[::-1]:
                return -claim.paper
    return None
