"""The paper's claims in words: lines of a table, the counts at its head, a page of Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ablation.reporting.page.marks import Mark, difference_mark, level_mark
from ablation.reporting.wording import (
    NOTHING,
    counted,
    difference,
    level,
    listed,
    percent,
    rounded,
    runs_by_arm,
)
from ablation.statistics.claims import SCALE, SEEDS, WIDE, directional
from ablation.statistics.config import (
    ClaimsConfig,
    DifferenceClaim,
    LabelsClaim,
    LevelClaim,
    Metric,
    SpreadMetric,
)
from ablation.statistics.run_metrics import window
from ablation.statistics.verdict import MOST_SEEDS

DIRECTIONS = {
    "with": "with the paper",
    "against": "against the paper",
    "about equal": "about equal",
}
SYMBOLS = {"with": "↑", "against": "↓", "about equal": "≈"}
CLEAR = {"with": "▲", "against": "▼", "about equal": "≈"}  # where the interval leaves out 0
Content = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """A claim as tables print it.

    Attributes:
        direction, symbol: which way our means point; where nothing is decided that is all they do.
        clear: whether the 95% interval of a difference leaves out 0.
        verdict, why: the verdict and what an undecided claim lacks, or "".
        mark: where ours lies, None where there is no number.
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
    return [
        Line(
            claim=claim["claim"],
            section=claim["section"],
            sentence=claim["sentence"],
            paper=_paper(claim, config),
            ours=_ours(claim, config),
            metric=_metric(claim, config),
            count=_count(claim),
            direction=DIRECTIONS.get(claim["direction"], NOTHING),
            symbol=(CLEAR if _clear(claim, config) else SYMBOLS).get(claim["direction"], ""),
            clear=_clear(claim, config),
            verdict=claim["verdict"],
            why=_why(claim, config, names),
            mark=_mark(claim, config),
        )
        for claim in judged
    ]


def counts(judged: Sequence[Content], config: ClaimsConfig) -> list[str]:
    """How many claims hold, and of those with a direction how many point the paper's way."""
    found = Counter(claim["verdict"] for claim in judged)
    parts = [
        f"{found[verdict]} {one if found[verdict] == 1 else several}"
        for verdict, one, several in (
            ("holds", "holds", "hold"),
            ("fails", "fails", "fail"),
            ("undecided", "is undecided", "are undecided"),
            ("not applicable", "is not applicable", "are not applicable"),
        )
        if found[verdict] or verdict != "not applicable"
    ]
    text = f"Of {counted(len(judged), 'claim')} of the paper {listed(parts)}."
    pointing = [
        claim
        for claim in judged
        if directional(config.claims[claim["claim"]]) and claim["direction"] is not None
    ]
    if not pointing:
        return [text]
    ways = Counter(claim["direction"] for claim in pointing)
    decided = sum(claim["verdict"] != "undecided" for claim in pointing)
    clear = sum(_clear(claim, config) for claim in pointing)
    return [
        text,
        f"Of {counted(len(pointing), 'claim')} on which of two arms is higher, our means point the "
        f"paper's way in {ways['with']} and against it in {ways['against']}"
        + (f", and {ways['about equal']} about equal" if ways["about equal"] else "")
        + f"; {decided} of them {'is' if decided == 1 else 'are'} decided, and {clear} "
        f"{'has' if clear == 1 else 'have'} a 95% interval that leaves out 0.",
    ]


def reading(config: ClaimsConfig, scale: str) -> str:
    """How to read the table of claims."""
    margin = rounded(config.statistics.margin * 100)
    return (
        f"Scale {scale}. Ours is the mean over the seeds, of two arms the first minus the second, "
        "with its 95% interval: over the seeds; of a level on test images over seeds and images; "
        "with one seed over the images alone, or none. A difference is decided where Holm's p is "
        f"below 0.05 and the interval leaves out 0; equal means a 90% interval within {margin} "
        "points of 0, and then neither arm is higher. Without a verdict the direction is only "
        "where the means lie; levels and equalities may have one too. The paper's numbers are of "
        "single runs and take no part."
    )


def markdown(table: Sequence[Line], introduced: Sequence[str]) -> str:
    """The claims as a page of Markdown: introduction, a paragraph a text, then the table."""
    head = ("Section", "Claim", "Paper", "Ours", "n", "Direction", "Verdict")
    rows = [
        (
            line.section,
            line.sentence,
            line.paper,
            f"{line.ours}, {line.metric}",
            line.count,
            line.direction,
            line.verdict + (f": {line.why}" if line.why else ""),
        )
        for line in table
    ]
    text = [
        "# The paper's claims",
        "",
        *(part for paragraph in introduced for part in (paragraph, "")),
        _row(head),
        _row(("---",) * len(head)),
        *(_row(row) for row in rows),
    ]
    return "\n".join(text) + "\n"


def _row(row: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def _paper(claim: Content, config: ClaimsConfig) -> str:
    declared = config.claims[claim["claim"]]
    if isinstance(declared, LabelsClaim) or declared.paper is None:
        return NOTHING
    if isinstance(declared, LevelClaim):
        return percent(declared.paper)
    return difference(declared.paper, None, None, config.metrics[declared.metric])


def _ours(claim: Content, config: ClaimsConfig) -> str:
    if claim["value"] is None:
        return NOTHING
    declared = config.claims[claim["claim"]]
    numbers = claim["value"], claim["low"], claim["high"]
    if isinstance(declared, LevelClaim):
        text = level(*numbers, config.metrics[declared.metric])
        return f"{text} over {claim['over']}" if "images" in (claim["over"] or "") else text
    if isinstance(declared, DifferenceClaim):
        return difference(*numbers, config.metrics[declared.metric])
    return difference(*numbers, Metric(label=""))


def _metric(claim: Content, config: ClaimsConfig) -> str:
    """What was measured; of jumps from epoch to epoch over which epochs of each arm."""
    declared = config.claims[claim["claim"]]
    if isinstance(declared, LabelsClaim):
        return str(claim["metric"])
    metric = config.metrics[declared.metric]
    if not isinstance(metric, SpreadMetric):
        return str(claim["metric"])
    spans = []
    for arm in declared.arms:
        facts = config.arms[arm]
        first, end = window(facts.epochs, metric.last, facts.steady_epochs)
        why = "at a constant rate"
        if facts.steady_epochs < facts.epochs:
            share = percent(config.statistics.steady_rate)
            why = f"before the rate falls below {share} of its highest"
        spans.append(f"epochs {first + 1} to {end} of {facts.epochs}, {why}")
    return f"{claim['metric']} ({'; '.join(dict.fromkeys(spans))})"


def _count(claim: Content) -> str:
    if claim["seeds"]:
        return str(claim["seeds"])
    return NOTHING if claim["images"] is None else counted(claim["images"], "image")


def _why(claim: Content, config: ClaimsConfig, names: Mapping[str, str]) -> str:
    """What an undecided claim lacks, and the seeds that only one arm has."""
    why = str(claim["why"])
    if claim["verdict"] == "not applicable":
        return why
    texts = {
        SEEDS: f"{counted(claim['seeds'], 'seed')} of the {claim['seeds_needed']} it takes",
        SCALE: "for the paper's scale to decide",
        WIDE: f"at n = {claim['seeds'] or NOTHING}",
    }
    parts = [texts.get(why, why)] if why else []
    declared = config.claims[claim["claim"]]
    if why == WIDE and isinstance(declared, DifferenceClaim):
        seeds, equal = claim["seeds_to_find"], declared.expect == "equivalent"
        what = "an equivalence at this spread" if equal else "a difference of this size"
        takes = f"more than {MOST_SEEDS:,}" if seeds is None else f"about {seeds}"
        if not equal or config.metrics[declared.metric].has_margin:
            parts.append(f"{what} takes {takes} seeds")
    if claim["unpaired"]:
        parts.append(f"without a partner: {runs_by_arm(claim['unpaired'], names)}")
    return "; ".join(parts)


def _clear(claim: Content, config: ClaimsConfig) -> bool:
    """Whether a difference has an interval and this leaves out 0."""
    declared = config.claims[claim["claim"]]
    if not isinstance(declared, DifferenceClaim) or claim["low"] is None:
        return False
    return not claim["low"] <= 0 <= claim["high"]


def _mark(claim: Content, config: ClaimsConfig) -> Mark | None:
    if claim["value"] is None:
        return None
    declared, bounds = config.claims[claim["claim"]], (claim["low"], claim["high"])
    if isinstance(declared, LevelClaim) and not config.metrics[declared.metric].signed:
        return level_mark(claim["value"], *bounds, declared.level)
    unit = "points" if isinstance(declared, LabelsClaim) else config.metrics[declared.metric].unit
    return difference_mark(claim["value"], *bounds, unit)
