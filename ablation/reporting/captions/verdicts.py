"""The comparisons of arms and the claims of the paper as the report shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ablation.reporting.claims import Line, few_seeds, introduction, lines
from ablation.reporting.words import (
    MINUS,
    NOTHING,
    cells,
    counted,
    difference,
    paragraph,
    runs_by_arm,
    short_names,
    signed,
    size,
)
from ablation.statistics.config import ClaimsConfig, Metric
from ablation.study.config import StudyConfig

Cell = tuple[str, str]  # what stands there, and what stands small below it or ""


@dataclass(frozen=True)
class Comparisons:
    """The table of comparisons: its columns, and (metric, its rows) in the order of params.yaml."""

    head: tuple[str, ...]
    metrics: list[tuple[str, list[tuple[Cell, ...]]]]


@dataclass(frozen=True)
class ImagesTest:
    """McNemar's test as text and table, a row a seed."""

    text: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]


@dataclass(frozen=True)
class Verdicts:
    """What the report shows of comparisons and claims.

    Attributes:
        few: what n does not allow, or "".
        compared: what the table of comparisons shows and by which rules.
        comparisons: that table.
        images: McNemar's test over test images; None where they have no labels.
        told: how many claims hold, fail and are undecided, and how to read them.
        claims: a line a claim.
    """

    few: str
    compared: str
    comparisons: Comparisons
    images: ImagesTest | None
    told: list[str]
    claims: Sequence[Line]


def verdicts(
    study: StudyConfig,
    config: ClaimsConfig,
    comparisons: pd.DataFrame,
    images_test: pd.DataFrame,
    claims: Sequence[Mapping[str, Any]],
) -> Verdicts:
    """From what `compare` wrote: comparison.csv, images_test.csv and claims.json."""
    names = short_names(list(study.arms), study.arms)
    few = few_seeds(comparisons)
    return Verdicts(
        few=few,
        compared=_compared(comparisons, names, few),
        comparisons=_table(config, comparisons, names),
        images=_images(images_test, names),
        told=introduction(claims, config, study.scale, few),
        claims=lines(claims, config, names),
    )


HEAD = ("Arms", "Difference", "n", "Paper", "p", "P(better)", "Verdict")


def _table(
    config: ClaimsConfig, comparisons: pd.DataFrame, names: Mapping[str, str]
) -> Comparisons:
    """A row a pair under each metric, without columns in which nothing stands."""
    metrics = []
    for key in config.statistics.metrics:
        rows = comparisons[comparisons["metric"] == key].to_dict("records")
        if rows:
            metric = config.metrics[key]
            margin = config.statistics.margin
            metrics.append((metric.label, [_cells(row, metric, names, margin) for row in rows]))
    every = [row for _, rows in metrics for row in rows]
    kept = [k for k in range(len(HEAD)) if any(row[k][0] != NOTHING for row in every)]
    if (comparisons["verdict"] == "no verdict").all():  # which the text above says once
        kept.remove(HEAD.index("Verdict"))
    return Comparisons(
        tuple(HEAD[k] for k in kept),
        [(label, [tuple(row[k] for k in kept) for row in rows]) for label, rows in metrics],
    )


def _cells(
    row: Mapping[str, Any], metric: Metric, names: Mapping[str, str], margin: float
) -> tuple[Cell, ...]:
    verdict, decided = str(row["verdict"]), not pd.isna(row["p"])
    if verdict == "no verdict":
        verdict = f"none possible; {row['tests']} tests take {row['seeds_needed']} seeds"
    several = row["seeds"] > 1
    improvement, low, high = (row[f"improvement{end}"] for end in ("", "_low", "_high"))
    return (
        (f"{names[row['arm']]} {MINUS} {names[row['other']]}", ""),
        (
            difference(row["difference"], row["low"], row["high"], metric),
            _sees(row, metric, margin),
        ),
        (str(row["seeds"]), ""),
        (NOTHING if pd.isna(row["paper"]) else signed(row["paper"], metric), ""),
        (_p(row["p_holm"]), f"{_p(row['p'])} alone" if decided else ""),
        (f"{improvement:.2f} [{low:.2f}, {high:.2f}]" if several else NOTHING, ""),
        (verdict, ""),
    )


def _sees(row: Mapping[str, Any], metric: Metric, margin: float) -> str:
    """The spread over the seeds, that of the images alone, and what so many seeds can see.

    What an equivalence takes is left out where the interval lies beyond the margin.
    """
    if pd.isna(row["sd"]):
        return ""
    parts = [f"spread {size(row['sd'], metric)}"]
    if not pd.isna(row["sd_images"]):
        parts[0] += f" (images alone {size(row['sd_images'], metric)})"
    if not pd.isna(row["detectable"]):
        parts.append(f"would find {size(row['detectable'], metric)}")
    near = row["low"] < margin and row["high"] > -margin
    if near and not pd.isna(row["seeds_to_equal"]):
        parts.append(f"equivalence takes {int(row['seeds_to_equal'])} seeds")
    return ", ".join(parts)


def _p(value: float) -> str:
    if pd.isna(value):
        return NOTHING
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _compared(comparisons: pd.DataFrame, names: Mapping[str, str], few: str) -> str:
    tested = comparisons["p"].notna().any()
    spread = comparisons["sd"].notna().any()
    diverged = runs_by_arm(cells(comparisons["diverged"]), names)
    unpaired = runs_by_arm(cells(comparisons["unpaired"]), names)
    return paragraph(
        [
            "Differences are the first arm less the second, paired by seed, in percentage points "
            "of accuracy" + ("; in brackets stand 95% paired t intervals." if spread else "."),
            "Spread is the standard deviation of the differences over the seeds, and what the test "
            "images alone would give of it; equivalence takes so many seeds where arms are alike."
            if spread
            else "",
            "Would find: the smallest difference that n seeds of this spread find four times in "
            "five. p is Holm's, corrected for all tests of a family in one metric, of an exact "
            "sign-flip test."
            if tested
            else "",
            "P(better) is the share of seeds with which the first arm is the better one, with its "
            "exact 95% interval."
            if spread
            else "",
            few,
            f"No better than naming the commonest label, or in no number, ended {diverged}; they "
            "stay in, at the accuracy they reached."
            if diverged
            else "",
            f"Without a partner of the same seed, and so in no difference: {unpaired}."
            if unpaired
            else "",
        ]
    )


def _images(table: pd.DataFrame, names: Mapping[str, str]) -> ImagesTest | None:
    if table.empty:
        return None
    first, second = (names[table.iloc[0][key]] for key in ("first", "second"))
    text = (
        "Images are a second source of variance: how many of "
        f"{counted(int(table.iloc[0]['images']), 'test image')} only {first}, or only {second}, "
        "gets right with the same seed. p is McNemar's, exact; it says whether these two trained "
        "networks differ on such images, and nothing about another seed."
    )
    rows: list[tuple[str, ...]] = [
        (str(row["seed"]), f"{row['only_first']:,}", f"{row['only_second']:,}", _p(row["p"]))
        for _, row in table.iterrows()
    ]
    return ImagesTest(text, ("Seed", f"Only {first}", f"Only {second}", "p"), rows)
