"""The paper's claims as a page of Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ablation.reporting.words import NOTHING, counted, no_verdict


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
