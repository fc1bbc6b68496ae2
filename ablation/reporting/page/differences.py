"""The comparisons of arms as the page shows them: one long table, and McNemar's test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ablation.reporting.page.marks import Mark, difference_mark
from ablation.reporting.wording import (
    FAILED,
    MINUS,
    NOTHING,
    cells,
    counted,
    difference,
    few_seeds,
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
class Difference:
    """A row of the table: its mark, None without a number, and its cells."""

    mark: Mark | None
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Differences:
    """What the page shows of comparisons.

    Attributes:
        text: what the table shows and by which rules.
        head: its columns, those in which something stands.
        metrics: (metric, its rows) in the order of params.yaml.
        images: McNemar's test (text, head, rows); None where test images have no labels.
    """

    text: str
    head: tuple[str, ...]
    metrics: list[tuple[str, list[Difference]]]
    images: tuple[str, tuple[str, ...], list[tuple[str, ...]]] | None


HEAD = ("Arms", "Difference", "n", "p", "P(better)", "Verdict")


def differences(
    config: ClaimsConfig,
    comparisons: pd.DataFrame,
    images_test: pd.DataFrame,
    study: StudyConfig,
) -> Differences:
    """From what `compare` wrote: comparison.csv and images_test.csv; arms that failed come last."""
    names = short_names(list(study.arms), study.arms)
    groups = []
    for key, metric in config.metrics.items():
        rows = comparisons[comparisons["metric"] == key].to_dict("records")
        if rows and key in config.statistics.metrics:
            found = [_row(row, metric, names, config.statistics.margin) for row in rows]
            groups.append((metric.label, found))
    every = [row.cells for _, rows in groups for row in rows]
    kept = [k for k in range(len(HEAD)) if any(row[k][0] not in (NOTHING, "") for row in every)]
    if (comparisons["verdict"] == "no verdict").all():  # which the text above says once
        kept.remove(HEAD.index("Verdict"))
    failed = [(f"{label} {MINUS} {names[study.baseline]}", "") for label in study.failed_labels]
    rest = [(FAILED, ""), *[(NOTHING, "")] * len(HEAD)]
    lost = [Difference(None, (pair, *rest)[: len(kept)]) for pair in failed]
    return Differences(
        _text(comparisons, names),
        tuple(HEAD[k] for k in kept),
        [
            (label, [Difference(row.mark, tuple(row.cells[k] for k in kept)) for row in rows])
            for label, rows in groups
        ]
        + ([("arms that failed", lost)] if lost else []),
        _images(images_test, names),
    )


def _row(
    row: Mapping[str, Any], metric: Metric, names: Mapping[str, str], margin: float
) -> Difference:
    several = row["seeds"] > 1
    improvement, low, high = (row[f"improvement{end}"] for end in ("", "_low", "_high"))
    bottom, top = (None if pd.isna(row[end]) else float(row[end]) for end in ("low", "high"))
    verdict = str(row["verdict"])
    if verdict == "no verdict":
        verdict = f"none possible; {row['tests']} tests take {row['seeds_needed']} seeds"
    cells = (
        (f"{names[row['arm']]} {MINUS} {names[row['other']]}", ""),
        (difference(row["difference"], bottom, top, metric), _sees(row, metric, margin)),
        (str(row["seeds"]), ""),
        (
            _p(row["p_holm"]) if several else "",
            "" if pd.isna(row["p"]) else f"{_p(row['p'])} alone",
        ),
        (f"{improvement:.2f} [{low:.2f}, {high:.2f}]" if several else "", ""),
        (verdict, ""),
    )
    return Difference(difference_mark(row["difference"], bottom, top, metric.unit), cells)


def _sees(row: Mapping[str, Any], metric: Metric, margin: float) -> str:
    """The paper's own, the spread over seeds, that of images alone, and what n seeds can see.

    What an equivalence takes is left out where the interval lies beyond the margin.
    """
    parts = [] if pd.isna(row["paper"]) else [f"paper {signed(row['paper'], metric)}"]
    if not pd.isna(row["sd"]):
        parts.append(f"spread {size(row['sd'], metric)}")
        if not pd.isna(row["sd_images"]):
            parts[-1] += f" (images alone {size(row['sd_images'], metric)})"
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


def _text(comparisons: pd.DataFrame, names: Mapping[str, str]) -> str:
    diverged = runs_by_arm(cells(comparisons["diverged"]), names)
    unpaired = runs_by_arm(cells(comparisons["unpaired"]), names)
    return paragraph(
        [
            "First-named arm minus the other; positive means higher.",
            "Brackets hold 95% intervals over the seeds. Spread is the standard deviation of the "
            "differences, and what the test images alone would give of it. P(better) is the share "
            "of seeds with which the first arm is the better one."
            if comparisons["sd"].notna().any()
            else "",
            "p is of an exact sign-flip test, corrected for the family by Holm's rule. Would find: "
            "the smallest difference that n seeds of this spread find four times in five."
            if comparisons["p"].notna().any()
            else "",
            few_seeds(comparisons, names),
            f"No better than naming the commonest label, or in no number, ended {diverged}. Such "
            "runs stay in, at the accuracy they reached."
            if diverged
            else "",
            f"Without a partner of the same seed, and so in no difference: {unpaired}."
            if unpaired
            else "",
        ]
    )


def _images(
    table: pd.DataFrame, names: Mapping[str, str]
) -> tuple[str, tuple[str, ...], list[tuple[str, ...]]] | None:
    if table.empty:
        return None
    first, second = (names[table.iloc[0][key]] for key in ("first", "second"))
    text = (
        f"Of {counted(int(table.iloc[0]['images']), 'test image')}, how many only {first} and how "
        f"many only {second} gets right with the same seed. p is McNemar's, exact: whether these "
        "two networks differ on such images, and nothing about another seed."
    )
    rows: list[tuple[str, ...]] = [
        (str(row["seed"]), f"{row['only_first']:,}", f"{row['only_second']:,}", _p(row["p"]))
        for row in table.to_dict("records")
    ]
    return text, ("Seed", f"Only {first}", f"Only {second}", "p"), rows
