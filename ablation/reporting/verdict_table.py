"""The paper's claims as a table: a line a claim, the counts above it, a page of Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ablation.reporting.marks import Mark, difference_mark, level_mark
from ablation.reporting.wording import (
    NOTHING,
    POINTS,
    counted,
    difference,
    level,
    listed,
    p_value,
    percent,
    rounded,
)
from ablation.statistics.config import ClaimsConfig, DifferenceClaim, LevelClaim
from ablation.statistics.ranks import SIGNIFICANCE

# As claims.json has them, and how one claim and several are said to be.
VERDICTS = (
    ("holds", "holds", "hold"),
    ("fails", "fails", "fail"),
    ("open", "is open", "are open"),
    ("not applicable", "does not apply", "do not apply"),
)
Content = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """A claim as tables print it.

    Attributes:
        ours: of each metric of the claim a number with its interval, what it is of, and its mark,
            None where there is no number.
        n: how many runs of each arm, or images, stand behind it.
        evidence: p after Holm's correction, runs above the other's median.
        why: the verdict's reason.
        notes: what else to know: stuck runs, a claim that contradicts it, what is only implied.
    """

    claim: str
    section: str
    sentence: str
    paper: str
    ours: list[tuple[str, str, Mark | None]]
    n: str
    evidence: str
    verdict: str
    why: str
    notes: list[str]


def lines(
    judged: Sequence[Content],
    config: ClaimsConfig,
    names: Mapping[str, str],
    beside: Mapping[str, str] | None = None,
) -> list[Line]:
    """A line a claim of claims.json; `names` are the arms', `beside` adds a note to a claim."""
    return [_line(claim, config, names, (beside or {}).get(claim["claim"])) for claim in judged]


def _line(
    claim: Content, config: ClaimsConfig, names: Mapping[str, str], beside: str | None
) -> Line:
    declared, numbers, paper = config.claims[claim["claim"]], claim["numbers"], NOTHING
    match declared:
        case LevelClaim(paper=float(said), levels=levels):
            paper = level(said, None, None, config.metrics[next(iter(levels))])
        case DifferenceClaim(paper=float(said), metric=metric):
            paper = difference(said, None, None, config.metrics[metric])
    notes = [beside] if beside else []
    if claim["stuck"]:
        runs = Counter(run.rsplit("-", 1)[0] for run in claim["stuck"])
        notes.append("stuck runs: " + listed(f"{names[arm]}: {n}" for arm, n in runs.items()))
    if declared.contradicts is not None:
        contrary = config.claims[declared.contradicts].sentence
        notes.append(f"the paper also says: “{contrary}”")
    if declared.implied:
        notes.append("implied by the paper, not stated, and not counted")
    expect = getattr(declared, "expect", "").replace("_", " ")
    evidence = [f"p {p_value(claim['p'])}"] if claim["p"] is not None else []
    if claim["above"] is not None:
        evidence.append(f"{claim['above']} of {claim['n'][0]} runs above the other's median")
    images = bool(numbers) and not numbers[0]["metric"]
    return Line(
        claim=claim["claim"],
        section=claim["section"],
        sentence=claim["sentence"],
        paper=paper,
        ours=[_ours(number, config, names, claim["n"], expect) for number in numbers],
        n=", ".join(counted(n, "image") if images else str(n) for n in claim["n"]) or NOTHING,
        evidence=", ".join(evidence),
        verdict=claim["verdict"],
        why=claim["why"],
        notes=notes,
    )


def _ours(
    number: Content, config: ClaimsConfig, names: Mapping[str, str], n: Sequence[int], expect: str
) -> tuple[str, str, Mark | None]:
    """The number with its interval, of what and over what it is, and its mark."""
    metric = config.metrics.get(number["metric"], POINTS)
    name = number["name"] + (f" ({names[number['of']]})" if number["of"] else "")
    value, low, high = (number[key] for key in ("value", "low", "high"))
    if not n:
        return NOTHING, name, None
    if number["level"] is None:
        mark = None if value is None else difference_mark(value, low, high, metric.unit)
        return difference(value, low, high, metric), name, mark
    over = "" if number["over"] == "seeds" else f" over {number['over']}"
    median, asked = (
        None if number[key] is None else level(number[key], None, None, metric)
        for key in ("median", "level")
    )
    told = level(value, low, high, metric) + over + (f", median {median}" if median else "")
    if metric.signed:
        mark = difference_mark(value, low, high, metric.unit)
    else:
        mark = level_mark(value, low, high, number["level"])
    return told, f"{name}, required {expect} {asked}", mark


def counts(judged: Sequence[Content], config: ClaimsConfig) -> str:
    """How many claims hold, fail and are open, and on which side differences of arms lie.

    What the paper only implies is not counted.
    """
    stated = [claim for claim in judged if not config.claims[claim["claim"]].implied]
    found = Counter(claim["verdict"] for claim in stated)
    verdicts = [
        f"{found[verdict]} {one if found[verdict] == 1 else more}"
        for verdict, one, more in VERDICTS
        if found[verdict]
    ]
    if not stated:
        return ""
    said = f"Of the paper's {counted(len(stated), 'claim')}, {listed(verdicts)}."
    sides, significant = Counter[bool | None](), Counter[bool | None]()
    for claim in stated:
        expect = getattr(config.claims[claim["claim"]], "expect", "")
        if expect in ("higher", "lower") and claim["p"] is not None:
            value = claim["numbers"][0]["value"]  # 0 and an endless difference have no sign
            side = (value > 0) == (expect == "higher") if value else None
            sides[side] += 1
            significant[side] += claim["p"] < SIGNIFICANCE
    if sides:
        said += (
            f" Of those that say which of two arms is higher, {sides.total()} could be measured: "
            f"our difference has the paper's sign in {sides[True]}, significantly in "
            f"{significant[True]}, and the opposite sign in {sides[False]}, significantly in "
            f"{significant[False]}."
        )
    return said


def reading(config: ClaimsConfig, scale: str) -> str:
    """How to read the table of claims."""
    margin, share = rounded(config.statistics.margin * 100), config.statistics.stuck_accuracy
    return (
        f"All verdicts are for the scale {scale}. For two arms, ours is the first minus the second "
        "(Hodges-Lehmann shift), with the 95% interval of the exact Mann-Whitney test; p is from "
        "the same test, after Holm's correction within a question. For one arm, it is the mean "
        "with its 95% t interval over seeds; for test accuracy, over seeds and images. Two arms "
        f"are equal if the 90% interval lies within {margin} points of 0; one is not higher if "
        f"the upper end lies below {margin}. A run is stuck if its validation accuracy is below "
        f"{percent(share)} after {config.statistics.stuck_at:.0%} of its images; it keeps its "
        "rank. The paper's numbers are from single runs and enter no test."
    )


def in_regimes(found: Sequence[Content], names: Mapping[str, str]) -> str:
    """Which of the paper's regimes are met, and what says so; "" without any."""
    texts = []
    for regime in found:
        rows = [
            f"{names[row['arm']]} {row['accuracy'].replace('_', ' ')} "
            f"{'not measured' if row['mean'] is None else percent(row['mean'])}, "
            f"required {percent(row['level'])}"
            for row in regime["reached"]
        ]
        texts.append(
            f"Regime {regime['name']}, {'met' if regime['met'] else 'not met'}: {'; '.join(rows)}"
        )
    if not texts:
        return ""
    return (
        "Below the paper's scale, most claims can fail only where pilot runs, made before the "
        "study with other seeds, reach the accuracies of the paper's figures; elsewhere they hold "
        f"or are open. {'. '.join(texts)}."
    )


def markdown(table: Sequence[Line], introduced: Sequence[str]) -> str:
    """The claims as a page of Markdown: introduction, a paragraph a text, then the table."""
    # Not DataFrame.to_markdown: it pads columns, and one longer cell would change every line.
    rows = [("Section", "Claim", "Paper", "Ours", "n", "Evidence", "Verdict"), ("---",) * 7]
    for line in table:
        ours = "; ".join(f"{number}, {name}" for number, name, _ in line.ours)
        verdict = f"{line.verdict}: {line.why}" if line.why else line.verdict
        sentence = " ".join([line.sentence, *(f"({note})" for note in line.notes)])
        rows.append(
            (line.section, sentence, line.paper, ours or NOTHING, line.n, line.evidence, verdict)
        )
    escaped = ([cell.replace("|", r"\|") for cell in row] for row in rows)
    text = "\n".join(f"| {' | '.join(row)} |" for row in escaped)
    return "\n\n".join(["# The paper's claims", *filter(None, introduced), text]) + "\n"
