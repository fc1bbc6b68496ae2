"""The paper's claims as a table: a line a claim, the counts above it, a page of Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ablation.reporting.marks import Mark, difference_mark, level_mark
from ablation.reporting.wording import (
    NOTHING,
    counted,
    difference,
    level,
    named_runs,
    rounded,
)
from ablation.statistics.config import (
    ClaimsConfig,
    DifferenceClaim,
    LabelsClaim,
    LevelClaim,
    Metric,
    SpreadMetric,
)
from ablation.statistics.runs import window
from ablation.statistics.significance import MOST_SEEDS
from ablation.statistics.verdicts import SCALE, SEEDS, WIDE, directional

DIRECTIONS = {
    "with": "with the paper",
    "against": "against the paper",
    "about equal": "about equal",
}
SYMBOLS = {"with": "↑", "against": "↓", "about equal": "≈"}
CLEAR = {"with": "▲", "against": "▼", "about equal": "≈"}  # where the interval excludes 0
Content = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """A claim as tables print it.

    Attributes:
        direction, symbol: which way our means point, decided or not.
        clear: whether the 95% interval of a difference excludes 0.
        verdict, why: the verdict and what an undecided claim lacks, or "".
        mark: the drawing of ours, None where there is no number.
    """

    claim: str
    section: str
    sentence: str
    paper: str
    ours: str
    metric: str
    count: str
    direction: str
    symbol: str
    clear: bool
    verdict: str
    why: str
    mark: Mark | None


def lines(judged: Sequence[Content], config: ClaimsConfig, names: Mapping[str, str]) -> list[Line]:
    """A line a claim of claims.json; `names` are the arms'."""
    return [_line(claim, config, names) for claim in judged]


def _line(claim: Content, config: ClaimsConfig, names: Mapping[str, str]) -> Line:
    declared = config.claims[claim["claim"]]
    metric = _metric(claim, config)
    value, low, high = (claim[key] for key in ("value", "low", "high"))
    paper = getattr(declared, "paper", None)
    write = level if isinstance(declared, LevelClaim) else difference
    ours = NOTHING if value is None else write(value, low, high, metric)
    if write is level and "images" in (claim["over"] or ""):
        ours += f" over {claim['over']}"
    if value is None:
        mark = None
    elif isinstance(declared, LevelClaim) and not metric.signed:
        mark = level_mark(value, low, high, declared.level)
    else:
        mark = difference_mark(value, low, high, metric.unit)
    count = str(claim["seeds"])
    if not claim["seeds"]:
        count = NOTHING if claim["images"] is None else counted(claim["images"], "image")
    clear = _clear(claim, config)
    return Line(
        claim=claim["claim"],
        section=claim["section"],
        sentence=claim["sentence"],
        paper=NOTHING if paper is None else write(paper, None, None, metric),
        ours=ours,
        metric=claim["metric"] + _epochs(metric, declared, config),
        count=count,
        direction=DIRECTIONS.get(claim["direction"], NOTHING),
        symbol=(CLEAR if clear else SYMBOLS).get(claim["direction"], ""),
        clear=clear,
        verdict=claim["verdict"],
        why=_why(claim, config, names),
        mark=mark,
    )


def counts(judged: Sequence[Content], config: ClaimsConfig) -> list[str]:
    """How many claims hold, and of those with a direction how many point the paper's way."""
    found = Counter(claim["verdict"] for claim in judged)
    verdicts = [v for v in ("holds", "fails", "undecided", "not applicable") if found[v]]
    texts = [
        f"Verdicts on the paper's {counted(len(judged), 'claim')}: "
        + ", ".join(f"{verdict} {found[verdict]}" for verdict in verdicts)
        + "."
    ]
    pointing = [
        claim
        for claim in judged
        if directional(config.claims[claim["claim"]]) and claim["direction"] is not None
    ]
    if pointing:
        ways = Counter(claim["direction"] for claim in pointing)
        decided = sum(claim["verdict"] != "undecided" for claim in pointing)
        clear = sum(_clear(claim, config) for claim in pointing)
        texts.append(
            f"Direction of our means on {counted(len(pointing), 'claim')} that one arm is above "
            f"another: {ways['with']} with the paper, {ways['against']} against it, "
            f"{ways['about equal']} about equal; {decided} decided, {clear} with a 95% interval "
            "that excludes 0."
        )
    return texts


def reading(config: ClaimsConfig, scale: str) -> str:
    """How to read the table of claims."""
    margin = rounded(config.statistics.margin * 100)
    return (
        f"Scale {scale}. Ours is the mean over the seeds (of two arms, the first minus the second) "
        "with its 95% confidence interval over the seeds; for a level on test images over seeds "
        "and images; with one seed over the images, or missing. A difference is significant where "
        "Holm's p is below 0.05 and the interval excludes 0; two arms are equal where the 90% "
        f"interval lies within {margin} points of 0. The direction is that of the means, whatever "
        "the verdict. The paper's numbers are of single runs and enter no test."
    )


def markdown(table: Sequence[Line], introduced: Sequence[str]) -> str:
    """The claims as a page of Markdown: introduction, a paragraph a text, then the table."""
    # Not DataFrame.to_markdown: it pads columns, and one longer cell would change every line.
    rows = [
        ("Section", "Claim", "Paper", "Ours", "n", "Direction", "Verdict"),
        ("---",) * 7,
        *(
            (
                line.section,
                line.sentence,
                line.paper,
                f"{line.ours}, {line.metric}",
                line.count,
                line.direction,
                f"{line.verdict}: {line.why}" if line.why else line.verdict,
            )
            for line in table
        ),
    ]
    escaped = ([cell.replace("|", r"\|") for cell in row] for row in rows)
    text = "\n".join(f"| {' | '.join(row)} |" for row in escaped)
    return "\n\n".join(["# The paper's claims", *introduced, text]) + "\n"


def _metric(claim: Content, config: ClaimsConfig) -> Metric:
    declared = config.claims[claim["claim"]]
    if isinstance(declared, LabelsClaim):  # a difference of shares
        return Metric(label="")
    return config.metrics[declared.metric]


def _epochs(metric: Metric, declared: Any, config: ClaimsConfig) -> str:
    """Over which epochs of each arm jumps from epoch to epoch are measured."""
    if not isinstance(metric, SpreadMetric):
        return ""
    spans = []
    for facts in (config.arms[arm] for arm in declared.arms):
        first, end = window(facts.epochs, metric.last, facts.steady_epochs)
        spans.append(f"epochs {first + 1} to {end} of {facts.epochs}")
    return f" ({'; '.join(dict.fromkeys(spans))})"


def _why(claim: Content, config: ClaimsConfig, names: Mapping[str, str]) -> str:
    """What an undecided claim lacks, and the seeds that only one arm has."""
    why, declared = str(claim["why"]), config.claims[claim["claim"]]
    texts = {
        SEEDS: f"{counted(claim['seeds'], 'seed')} of the {claim['seeds_needed']} it takes",
        SCALE: "for the paper's scale to decide",
        WIDE: f"at n = {claim['seeds'] or NOTHING}",
    }
    parts = [texts.get(why, why)] if why else []
    if why == WIDE and isinstance(declared, DifferenceClaim):
        equal = declared.expect == "equivalent"
        to_find = claim["seeds_to_find"]
        takes = f"about {to_find}" if to_find else f"more than {MOST_SEEDS:,}"
        what = "equivalence at this spread" if equal else "a difference of this size"
        if not equal or config.metrics[declared.metric].has_margin:
            parts.append(f"{what} takes {takes} seeds")
    if claim["unpaired"]:
        parts.append(f"without a partner: {named_runs(claim['unpaired'], names)}")
    return "; ".join(parts)


def _clear(claim: Content, config: ClaimsConfig) -> bool:
    """Whether a difference has an interval and this excludes 0."""
    declared = config.claims[claim["claim"]]
    if not isinstance(declared, DifferenceClaim) or claim["low"] is None:
        return False
    return not claim["low"] <= 0 <= claim["high"]
