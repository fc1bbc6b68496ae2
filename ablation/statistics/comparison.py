"""Every comparison of two arms that the study asks for, from the runs to one table.

Pure functions; the rules are those of docs/statistics.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from ablation.statistics.config import ClaimsConfig, DifferenceClaim, FinalMetric, Metric
from ablation.statistics.images import spread_of_images
from ablation.statistics.paired import (
    Differences,
    Interval,
    improvement,
    improvement_interval,
    mean_interval,
    sign_flip_p,
)
from ablation.statistics.pairs import Pair, Runs, best_pairs, by_arm, measured, paired, pairs
from ablation.statistics.run_metrics import Run
from ablation.statistics.verdict import (
    CONFIDENCE,
    EQUIVALENCE,
    decidable,
    detectable,
    holm,
    seeds_needed,
    seeds_to_equal,
    seeds_to_find,
    verdict,
)

BASELINE, PAIRS = "baseline", "pairs"  # the groups of rows: arms against the baseline, and others

COLUMNS = (
    "arm",
    "other",
    "metric",
    "group",
    "family",
    "tests",
    "seeds",
    "seeds_needed",
    "unpaired",
    "difference",
    "low",
    "high",
    "low_90",
    "high_90",
    "sd",
    "sd_images",
    "detectable",
    "seeds_to_find",
    "seeds_to_equal",
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

    Differences are arm - other, in shares, epochs or images; `improvement` is the share of seeds
    with which the arm is the better one. Holm's correction is over all tests of a `family` in one
    metric. Where a family has too few seeds for its size there is no p: `seeds_needed` says how
    many it takes.

    Args:
        config: what to compare and how.
        runs: (arm, seed) -> run, of every run of the study.
        baseline: the arm that the others are compared with.
        data_sets: arm -> the data set it sees.
    """
    of_arm = by_arm(runs)
    chosen = best_pairs(config, runs, data_sets)
    rows = []
    for name, metric in config.metrics.items():
        asked = pairs(config, name, chosen)
        arms = {arm for pair in asked for arm in pair}
        values = {arm: measured(of, metric) for arm, of in of_arm.items() if arm in arms}
        found = [
            (arm, other, pair)
            for arm, other in asked
            if len((pair := paired(values, of_arm, arm, other)).differences) > 0
        ]
        families = [config.family(arm, other) for arm, other, _ in found]
        for (arm, other, pair), family in zip(found, families, strict=True):
            rows.append(
                {
                    "arm": arm,
                    "other": other,
                    "metric": name,
                    "group": BASELINE if other == baseline else PAIRS,
                    "family": family,
                    "paper": _paper(config, name, (arm, other)),
                    "sd_images": _sd_images(metric, of_arm[arm], of_arm[other], pair.seeds),
                    "diverged": _named(
                        f"{one}-{seed}"
                        for one in (arm, other)
                        for seed in pair.seeds
                        if of_arm[one][seed].diverged
                    ),
                    "unpaired": _named(pair.unpaired),
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
    return table[list(COLUMNS)]


def _row(
    config: ClaimsConfig, metric: Metric, differences: Differences, tests: int
) -> dict[str, float | int | None]:
    """What the differences alone say, as one of so many tests."""
    seeds = len(differences)
    gains = differences if metric.more_is_better else -differences
    mean, margin = float(np.mean(differences)), config.statistics.margin
    sd = float(np.std(differences, ddof=1)) if seeds > 1 else None
    low, high = _bounds(mean_interval(differences, CONFIDENCE))
    low_90, high_90 = _bounds(mean_interval(differences, EQUIVALENCE))
    ahead = improvement_interval(gains, CONFIDENCE)
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
        "improvement": improvement(gains),
        "improvement_low": ahead.low,
        "improvement_high": ahead.high,
    }


def _bounds(interval: Interval | None) -> tuple[float | None, float | None]:
    return (None, None) if interval is None else (interval.low, interval.high)


def _sd_images(
    metric: Metric, arm: Mapping[int, Run], other: Mapping[int, Run], seeds: Iterable[int]
) -> float | None:
    """What the test images alone would give of the spread over the seeds; of test accuracy only."""
    if not isinstance(metric, FinalMetric) or metric.of != "test_accuracy":
        return None
    first, second = ([runs[seed].correct for seed in seeds] for runs in (arm, other))
    if any(correct is None for correct in (*first, *second)):
        return None
    return spread_of_images(first, second)  # type: ignore[arg-type]


def _named(runs: Iterable[str]) -> str | None:
    """Runs in one cell of the table; None for none."""
    return " ".join(runs) or None


def _verdict(config: ClaimsConfig, metric: Metric, row: Mapping[str, float]) -> str:
    seeds = int(row["seeds"])
    return verdict(
        seeds=seeds,
        tests=int(row["tests"]),
        p_adjusted=None if pd.isna(row["p_holm"]) else float(row["p_holm"]),
        excludes_zero=seeds > 1 and Interval(row["low"], row["high"]).excludes(0.0),
        positive=row["better_by"] > 0,
        within_margin=metric.has_margin
        and seeds > 1
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
