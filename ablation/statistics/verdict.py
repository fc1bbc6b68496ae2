"""When a difference between two arms may be called one (the rules of docs/statistics.md)."""

from __future__ import annotations

from typing import Literal

Verdict = Literal["better", "worse", "equivalent", "inconclusive", "no verdict"]

# An exact two-sided sign-flip test over n seeds cannot give a p below 2 / 2**n, and Holm's first
# step over ten arms asks for 0.005: below nine seeds no result can be told from chance.
VERDICT_SEEDS = 9

SIGNIFICANCE = 0.05  # the risk of a false finding in a family of tests
CONFIDENCE = 0.95  # of printed intervals
EQUIVALENCE = 0.90  # of the interval that must lie inside the margin: two one-sided tests at 5%


def verdict(
    seeds: int,
    p_adjusted: float | None,
    excludes_zero: bool,
    positive: bool,
    within_margin: bool,
) -> Verdict:
    """What may be said of an arm against another, by rules fixed before any run.

    Args:
        seeds: how many both ran.
        p_adjusted: Holm's, of the sign-flip test; None where none was made.
        excludes_zero: whether the 95% interval of the difference does.
        positive: whether the mean difference is to the arm's advantage.
        within_margin: whether the 90% interval lies inside the margin of equivalence; always
            False for what has no margin.
    """
    if seeds < VERDICT_SEEDS or p_adjusted is None:
        return "no verdict"
    if p_adjusted < SIGNIFICANCE and excludes_zero:
        return "better" if positive else "worse"
    return "equivalent" if within_margin else "inconclusive"


def in_words(verdict: Verdict, seeds: int) -> str:
    """The verdict as tables print it."""
    return f"no verdict is possible at n = {seeds}" if verdict == "no verdict" else verdict
