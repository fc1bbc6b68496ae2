"""The comparisons of arms and the claims of the paper as the report shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ablation.reporting.claims import introduction
from ablation.reporting.words import (
    NOTHING,
    counted,
    difference,
    listed,
    no_verdict,
    short_names,
    signed,
)
from ablation.statistics.config import ClaimsConfig, Metric
from ablation.study.config import StudyConfig

MINUS = "\N{MINUS SIGN}"
BASELINE = "baseline"  # the family of arms against the baseline


@dataclass(frozen=True)
class Comparison:
    """A row of the table of comparisons, as text."""

    pair: str
    seeds: str
    difference: str
    paper: str
    p: str
    p_holm: str
    improvement: str
    verdict: str


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
        compared: what the table of comparisons shows and by which rules.
        comparisons: (metric, its rows) in the order of params.yaml.
        images: McNemar's test over test images; None where they have no labels.
        told: how many claims hold, fail and are undecided, and how to read them.
        claims: the rows of claims.json.
    """

    compared: str
    comparisons: list[tuple[str, list[Comparison]]]
    images: ImagesTest | None
    told: list[str]
    claims: Sequence[Mapping[str, Any]]


def verdicts(
    study: StudyConfig,
    config: ClaimsConfig,
    comparisons: pd.DataFrame,
    images_test: pd.DataFrame,
    claims: Sequence[Mapping[str, Any]],
) -> Verdicts:
    """From what `compare` wrote: comparison.csv, images_test.csv and claims.json."""
    names = short_names(list(study.arms), study.arms)
    tables = []
    for key in config.statistics.metrics:
        rows = comparisons[comparisons["metric"] == key]
        metric = config.metrics[key]
        if not rows.empty:
            tables.append((metric.label, [_line(row, metric, names) for _, row in rows.iterrows()]))
    introduced = introduction(len(study.seeds), study.scale, config.statistics.margin)
    return Verdicts(
        compared=_compared(study, comparisons),
        comparisons=tables,
        images=_images(images_test, names),
        told=[_counts(claims), *introduced],
        claims=claims,
    )


def _line(row: pd.Series, metric: Metric, names: Mapping[str, str]) -> Comparison:
    return Comparison(
        pair=f"{names[row['arm']]} {MINUS} {names[row['other']]}",
        seeds=str(row["seeds"]),
        difference=difference(row["difference"], row["low"], row["high"], metric),
        paper=NOTHING if pd.isna(row["paper"]) else signed(row["paper"], metric),
        p=_p(row["p"]),
        p_holm=_p(row["p_holm"]),
        improvement=_share(row["improvement"], row["improvement_low"], row["improvement_high"]),
        verdict=str(row["verdict"]),
    )


def _p(value: float) -> str:
    if pd.isna(value):
        return NOTHING
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _share(value: float, low: float, high: float) -> str:
    return f"{value:.2f}" if pd.isna(low) else f"{value:.2f} [{low:.2f}, {high:.2f}]"


def _compared(study: StudyConfig, comparisons: pd.DataFrame) -> str:
    diverged = comparisons[comparisons["diverged"] > 0]
    texts = [
        "Differences are paired by seed, in percentage points of accuracy; in brackets stand 95% "
        "paired t intervals. p is that of an exact sign-flip test, Holm's is corrected for all "
        "arms against the baseline, or for all other pairs. P(better) is the share of seeds with "
        "which the first arm is the better one, with its 95% bootstrap interval.",
        no_verdict(len(study.seeds)),
    ]
    if not diverged.empty:
        arms = listed(sorted({*diverged["arm"]} | {*diverged["other"]}))
        texts.append(
            f"Among {arms} a run ended no better than guessing; it stays in, at the accuracy it "
            "reached."
        )
    return " ".join(filter(None, texts))


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


def _counts(claims: Sequence[Mapping[str, Any]]) -> str:
    found = Counter(str(claim["verdict"]).split(" ")[0].rstrip(",") for claim in claims)
    parts = [
        f"{found['holds']} {'holds' if found['holds'] == 1 else 'hold'}",
        f"{found['fails']} {'fails' if found['fails'] == 1 else 'fail'}",
        f"{found['undecided']} {'is' if found['undecided'] == 1 else 'are'} undecided",
    ]
    return f"Of {counted(len(claims), 'claim')} of the paper {listed(parts)}."
