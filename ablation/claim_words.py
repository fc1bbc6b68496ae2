"""Differences, intervals and claims as text: for the report, and as a page of Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from ablation.captions.words import MINUS, RANGE, counted, no_verdict, percent
from ablation.config.claim import Metric, SpreadMetric
from ablation.rounding import rounded

NOTHING = RANGE  # a dash, for what is not there


def signed(value: float, metric: Metric) -> str:
    """A difference of two runs in the metric's unit, without it: "+1.2", "−0.35", "0.0"."""  # noqa: RUF002
    size = abs(value) if metric.unit == "epochs" else abs(value) * 100
    text = rounded(size, decimals(metric))
    if float(text) == 0:
        return text
    return ("+" if value > 0 else MINUS) + text


def difference(value: float, low: float | None, high: float | None, metric: Metric) -> str:
    """ "+1.2 points [+0.3, +2.1]", without the brackets where there is no interval."""
    text = f"{signed(value, metric)} {metric.unit}"
    if low is None or high is None or pd.isna(low):
        return text
    return f"{text} [{signed(low, metric)}, {signed(high, metric)}]"


def level(value: float, low: float | None, high: float | None) -> str:
    """ "83.1% [82.0%, 84.2%]", of shares."""
    text = percent(value)
    return text if low is None or high is None else f"{text} [{percent(low)}, {percent(high)}]"


def decimals(metric: Metric) -> int:
    """How many decimals tell two runs apart: spreads are smaller than accuracies."""
    return 2 if isinstance(metric, SpreadMetric) else 1


def introduction(seeds: int, scale: str, margin: float) -> list[str]:
    """What a reader must know before the table of claims."""
    interval = "brackets hold its 95% interval over the seeds."
    if seeds == 1:
        interval = (
            "one run has no interval over seeds, and brackets hold what its images alone leave "
            "open, with 95% confidence."
        )
    texts = [
        f"Scale {scale}, n = {counted(seeds, 'seed')}. Ours is the mean over the seeds; {interval}",
        "A difference is that of what the claim speaks of less what it is held against.",
        "A claim on differences holds or fails by rules fixed before the runs: Holm-adjusted p "
        "below 0.05 and an interval without 0; equal means a 90% interval within "
        f"{margin * 100:g} points of 0. A level that only the paper's own size can decide stays "
        "undecided at another scale. The paper's numbers are of single runs and take no part in "
        "a test.",
    ]
    return [*texts, *filter(None, [no_verdict(seeds)])]


def markdown(claims: Sequence[dict[str, Any]], introduction: Sequence[str]) -> str:
    """The claims as a page of Markdown: introduction, a paragraph a sentence, then the table."""
    head = ("Section", "Claim", "Paper", "Ours", "n", "Verdict")
    rows = [
        (
            claim["section"],
            claim["sentence"],
            claim["paper"],
            f"{claim['ours']}, {claim['metric']}",
            str(claim["seeds"] or NOTHING),
            claim["verdict"],
        )
        for claim in claims
    ]
    lines = [
        "# The paper's claims",
        "",
        *(line for text in introduction for line in (text, "")),
        _line(head),
        _line(("---",) * len(head)),
        *(_line(row) for row in rows),
    ]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
