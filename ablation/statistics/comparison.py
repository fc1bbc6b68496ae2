"""Every comparison of two arms that the study asks for, from the runs to one table.

Pure functions; the rules are those of docs/statistics.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from ablation.statistics.config import ClaimsConfig, DifferenceClaim, FinalMetric, Metric
from ablation.statistics.intervals import (
    EQUIVALENCE,
    Interval,
    Values,
    improvement,
    mean_interval,
    spread_of_images,
)
from ablation.statistics.runs import Run, measure
from ablation.statistics.significance import (
    decidable,
    detectable,
    holm,
    seeds_needed,
    seeds_to_equal,
    seeds_to_find,
    sign_flip_p,
    verdict,
)

Runs = Mapping[str, Mapping[int, Run]]  # arm -> seed -> run
Pair = tuple[str, str]

BASELINE, PAIRS = "baseline", "pairs"  # the groups of rows: arms against the baseline, and others

COLUMNS = [
    "arm", "other", "metric", "group", "family", "tests", "seeds", "seeds_needed", "unpaired",
    "difference", "low", "high", "low_90", "high_90", "sd", "sd_images", "detectable",
    "seeds_to_find", "seeds_to_equal", "p", "p_holm", "improvement", "improvement_low",
    "improvement_high", "diverged", "paper", "verdict",
]  # fmt: skip


class Paired(NamedTuple):
    """Two arms in one metric.

    Attributes:
        differences: (n,) arm - other, over the seeds that both have.
        seeds: those seeds.
        unpaired: the runs, ARM-SEED, that have the metric and whose partner ran and has not.
    """

    differences: Values
    seeds: list[int]
    unpaired: list[str]


def compare(
    config: ClaimsConfig, runs: Runs, baseline: str, data_sets: Mapping[str, str]
) -> pd.DataFrame:
    """One row a pair of arms and metric, with COLUMNS; none where no seed has the metric.

    Differences are arm - other, in shares, epochs or images; `improvement` is the share of seeds
    with which the arm is the better one. Holm's correction is over all tests of a `family` in one
    metric. Where a family has too few seeds for its size there is no p: `seeds_needed` says how
    many it takes.

    Args:
        config: what to compare and how.
        runs: every run of the study.
        baseline: the arm that the others are compared with.
        data_sets: arm -> the data set it sees.
    """
    best = best_pairs(config, runs, data_sets)
    rows = []
    for name, metric in config.metrics.items():
        found = [
            (arm, other, pair)
            for arm, other in pairs(config, name, best)
            if len((pair := paired(runs, metric, arm, other)).seeds) > 0
        ]
        families = [config.family(arm, other) for arm, other, _ in found]
        for (arm, other, pair), family in zip(found, families, strict=True):
            diverged = [
                f"{one}-{seed}"
                for one in (arm, other)
                for seed in pair.seeds
                if runs[one][seed].diverged
            ]
            rows.append(
                {
                    "arm": arm,
                    "other": other,
                    "metric": name,
                    "group": BASELINE if other == baseline else PAIRS,
                    "family": family,
                    "paper": _paper(config, name, (arm, other)),
                    "sd_images": _sd_images(metric, runs[arm], runs[other], pair.seeds),
                    "diverged": " ".join(diverged) or None,
                    "unpaired": " ".join(pair.unpaired) or None,
                    **_row(config, metric, pair.differences, families.count(family)),
                }
            )
    table = pd.DataFrame(rows, columns=[*COLUMNS, "better_by"]).astype({"p_holm": float})
    for _, of_family in table.groupby(["metric", "family"]):
        tested = of_family[of_family["p"].notna()]
        table.loc[tested.index, "p_holm"] = holm(list(tested["p"]), len(of_family))
    table["verdict"] = [
        _verdict(config, config.metrics[row["metric"]], row) for row in table.to_dict("records")
    ]
    return table[COLUMNS]


def paired(runs: Runs, metric: Metric, arm: str, other: str) -> Paired:
    """Two arms, over the seeds that both have; a run that diverged stays in, at its value."""
    first, second = (
        {
            seed: value
            for seed, run in runs.get(one, {}).items()
            if (value := measure(run, metric)) is not None
        }
        for one in (arm, other)
    )
    seeds = [seed for seed in first if seed in second]
    return Paired(
        np.array([first[seed] - second[seed] for seed in seeds], dtype=np.float64),
        seeds,
        [f"{arm}-{seed}" for seed in first if seed not in second and seed in runs.get(other, {})]
        + [f"{other}-{seed}" for seed in second if seed not in first and seed in runs.get(arm, {})],
    )


def pairs(config: ClaimsConfig, metric: str, best: Iterable[Pair]) -> list[Pair]:
    """What is compared in a metric: every pair of the study, or those that a claim names in it."""
    every: list[Pair] = [(arm, other) for arm, other in config.pairs]
    if metric in config.statistics.metrics:
        known = {frozenset(pair) for pair in every}
        return every + [pair for pair in best if frozenset(pair) not in known]
    claimed = {
        frozenset(claim.arms)
        for name, claim in config.claims.items()
        if isinstance(claim, DifferenceClaim)
        and claim.metric == metric
        and name not in config.not_applicable
    }
    return [pair for pair in every if frozenset(pair) in claimed]


def best_pairs(config: ClaimsConfig, runs: Runs, data_sets: Mapping[str, str]) -> list[Pair]:
    """The best arm of each group of a figure against the others' (paper, section 4.3).

    Best by mean validation accuracy, ties to the first named: the test set chooses nothing.
    """

    def accuracy(arm: str) -> float:
        return float(np.mean([run.judged["validation_accuracy"] for run in runs[arm].values()]))

    found: list[Pair] = []
    for groups in config.groups:
        chosen = dict.fromkeys(max(arms, key=accuracy) for arms in groups.values())
        for first, second in combinations(chosen, 2):
            known = {first, second} in [set(pair) for pair in found]
            if data_sets[first] == data_sets[second] and not known:
                found.append((second, first))
    return found


def _row(
    config: ClaimsConfig, metric: Metric, differences: Values, tests: int
) -> dict[str, float | int | None]:
    """What the differences alone say, as one of so many tests."""
    seeds, mean, margin = len(differences), float(np.mean(differences)), config.statistics.margin
    gains = differences if metric.more_is_better else -differences
    sd = float(np.std(differences, ddof=1)) if seeds > 1 else None
    low, high = mean_interval(differences) or (np.nan, np.nan)
    low_90, high_90 = mean_interval(differences, EQUIVALENCE) or (np.nan, np.nan)
    share, ahead = improvement(gains)
    effect = detectable(seeds, tests)
    return {
        "tests": tests,
        "seeds": seeds,
        "seeds_needed": seeds_needed(tests),
        "difference": mean,
        "better_by": float(np.mean(gains)),
        "low": low,
        "high": high,
        "low_90": low_90,
        "high_90": high_90,
        "sd": sd,
        "detectable": None if effect is None or sd is None else effect * sd,
        "seeds_to_find": None if sd is None else seeds_to_find(mean, sd, tests),
        "seeds_to_equal": seeds_to_equal(sd, margin) if metric.has_margin and sd else None,
        "p": sign_flip_p(differences) if decidable(seeds, tests) else None,
        "improvement": share,
        "improvement_low": ahead.low,
        "improvement_high": ahead.high,
    }


def _sd_images(
    metric: Metric, arm: Mapping[int, Run], other: Mapping[int, Run], seeds: Iterable[int]
) -> float | None:
    """What the test images alone would give of the spread over the seeds; of test accuracy only."""
    if not isinstance(metric, FinalMetric) or metric.of != "test_accuracy":
        return None
    first, second = ([runs[seed].correct for seed in seeds] for runs in (arm, other))
    return spread_of_images(first, second)  # type: ignore[arg-type]  # labelled: it has a metric


def _verdict(config: ClaimsConfig, metric: Metric, row: Mapping[str, float]) -> str:
    # Comparisons with NaN, the bounds of a single seed, are false.
    return verdict(
        seeds=int(row["seeds"]),
        tests=int(row["tests"]),
        p_adjusted=None if pd.isna(row["p_holm"]) else float(row["p_holm"]),
        excludes_zero=row["low"] > 0 or row["high"] < 0,
        positive=row["better_by"] > 0,
        within_margin=metric.has_margin
        and Interval(row["low_90"], row["high_90"]).inside(config.statistics.margin),
    )


def _paper(config: ClaimsConfig, metric: str, pair: Pair) -> float | None:
    """The paper's own difference of two single runs, where a claim gives it."""
    for claim in config.claims.values():
        if isinstance(claim, DifferenceClaim) and claim.metric == metric:
            if claim.paper is not None and tuple(claim.arms) == pair:
                return claim.paper
            if claim.paper is not None and tuple(claim.arms) == pair[::-1]:
                return -claim.paper
    return None
