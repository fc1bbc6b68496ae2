"""How many seeds stand behind what is shown, in words, where arms have different numbers."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ablation.reporting.words import MINUS, counted, listed, no_verdict, quoted
from ablation.statistics.comparison import BASELINE
from ablation.study.config import StudyConfig


def fewer(seeds: Mapping[str, int]) -> str:
    """What has fewer seeds than the others, as in "VGG-16: 1"; "" where nothing has.

    Args:
        seeds: name -> how many.
    """
    most = max(seeds.values(), default=0)
    few: dict[int, list[str]] = {}
    for name, count in seeds.items():
        if count < most:
            few.setdefault(count, []).append(quoted(name))
    return "; ".join(f"{listed(names)}: {count}" for count, names in few.items())


def of_study(study: StudyConfig) -> str:
    """ "10 seeds", or "10 seeds (VGG-16: 1)" where an arm has fewer."""
    few = fewer({study.arms[arm]: count for arm, count in study.counts.items()})
    return counted(max(study.counts.values()), "seed") + (f" ({few})" if few else "")


def few_seeds(comparisons: pd.DataFrame, names: Mapping[str, str]) -> str:
    """What the seeds of comparison.csv are too few for, of its largest family without a verdict.

    Where only arms with fewer seeds than the others lack a verdict, they are named.

    Args:
        names: the arms'.
    """
    lacking = comparisons[comparisons["seeds"] < comparisons["seeds_needed"]]
    if lacking.empty:
        return ""
    with_most = lacking[lacking["seeds"] == comparisons["seeds"].max()]
    shown = lacking if with_most.empty else with_most
    row = shown.sort_values("tests", kind="stable").iloc[-1]
    of = list(map(quoted, named(lacking, names))) if with_most.empty else []
    return no_verdict(int(row["seeds"]), int(row["tests"]), int(row["seeds_needed"]), of)


def named(rows: pd.DataFrame, names: Mapping[str, str]) -> dict[str, int]:
    """Name -> n of what rows of comparison.csv compare: an arm with the baseline, or else a pair.

    In the order of `names`; a pair with a named arm is left out. Of several metrics n is the least.

    Args:
        names: the arms'.
    """
    against = set(rows.loc[rows["group"] == BASELINE, "arm"])
    arms, others = dict[str, int](), dict[str, int]()
    for row in rows.to_dict("records"):
        arm, other, count = row["arm"], row["other"], int(row["seeds"])
        if row["group"] == BASELINE:
            arms[arm] = min(arms.get(arm, count), count)
        elif not against & {arm, other}:
            name = f"{names[arm]} {MINUS} {names[other]}"
            others[name] = min(others.get(name, count), count)
    return {names[arm]: arms[arm] for arm in names if arm in arms} | others
