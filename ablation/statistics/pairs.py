"""Which arms are compared in which metric, and their differences seed by seed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ablation.statistics.config import ClaimsConfig, DifferenceClaim, Metric
from ablation.statistics.paired import Differences
from ablation.statistics.run_metrics import Run, measure

Runs = Mapping[tuple[str, int], Run]
Pair = tuple[str, str]


@dataclass(frozen=True)
class Paired:
    """Two arms in one metric.

    Attributes:
        differences: (n,) arm - other, over the seeds that both have.
        seeds: those seeds.
        unpaired: the runs, ARM-SEED, that have the metric and whose partner ran and has not.
    """

    differences: Differences
    seeds: list[int]
    unpaired: list[str]


def by_arm(runs: Runs) -> dict[str, dict[int, Run]]:
    """arm -> seed -> run."""
    found: dict[str, dict[int, Run]] = {}
    for (arm, seed), run in runs.items():
        found.setdefault(arm, {})[seed] = run
    return found


def measured(runs: Mapping[int, Run], metric: Metric) -> dict[int, float]:
    """seed -> the metric of an arm's run, of those that have it.

    A run that diverged stays in, at the value it reached.
    """
    values = {seed: measure(run, metric) for seed, run in runs.items()}
    return {seed: value for seed, value in values.items() if value is not None}


def paired(
    values: Mapping[str, Mapping[int, float]],
    ran: Mapping[str, Collection[int]],
    arm: str,
    other: str,
) -> Paired:
    """Two arms, over the seeds that both have.

    Args:
        values: arm -> seed -> value, of the runs that have one.
        ran: arm -> its seeds, which may be fewer than another's.
    """
    first, second = values.get(arm, {}), values.get(other, {})
    seeds = [seed for seed in first if seed in second]
    both = set(ran.get(arm, ())) & set(ran.get(other, ()))
    return Paired(
        np.array([first[seed] - second[seed] for seed in seeds], dtype=np.float64),
        seeds,
        [f"{arm}-{seed}" for seed in first if seed in both and seed not in second]
        + [f"{other}-{seed}" for seed in second if seed in both and seed not in first],
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
        and name not in config.failed
    }
    return [pair for pair in every if frozenset(pair) in claimed]


def best_pairs(config: ClaimsConfig, runs: Runs, data_sets: Mapping[str, str]) -> list[Pair]:
    """The best arm of each group of a figure against the others' (paper, section 4.3).

    Best by mean validation accuracy, ties to the first named: the test set chooses nothing.
    """
    of_arm = by_arm(runs)

    def accuracy(arm: str) -> float:
        values = [run.judged["validation_accuracy"] for run in of_arm[arm].values()]
        return float(np.mean([value for value in values if value is not None]))

    found: list[Pair] = []
    for groups in config.groups:
        chosen = dict.fromkeys(max(arms, key=accuracy) for arms in groups.values())
        for first, second in combinations(chosen, 2):
            known = {first, second} in [set(pair) for pair in found]
            if data_sets[first] == data_sets[second] and not known:
                found.append((second, first))
    return found
