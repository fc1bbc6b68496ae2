"""The paper's claims as a table: ours, which way it points, and what an undecided one lacks."""

from __future__ import annotations

from typing import Any

import pytest

from ablation.reporting.verdict_table import Line, counts, lines, markdown
from ablation.statistics.config import SpreadMetric
from tests.statistics.study_of_claims import (
    ARMS,
    config,
    difference_claim,
    facts,
    labels_claim,
    level_claim,
)

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"
NAMES = {"a": "Adam", "base": "baseline", "b": "SGD"}
CLAIMS = {
    "faster": difference_claim(metric="epochs_to_half", expect="lower", paper=None),
    "higher": difference_claim(paper=0.008),
    "equal": difference_claim(expect="equivalent"),
    "good": level_claim(paper=0.955),
    "change": level_claim(metric="change", level=0.0, expect="at_most", paper=None),
    "skewed": labels_claim(),
}


def judged(claim: str, **changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = {
        "claim": claim, "section": "4.1", "sentence": f"{claim}.", "metric": "a number",
        "verdict": "undecided", "why": "seeds", "direction": None, "seeds": 3, "seeds_needed": 10,
        "images": None, "value": 0.012, "low": -0.001, "high": 0.025, "over": "seeds",
        "values": [], "unpaired": [], "seeds_to_find": None,
    }  # fmt: skip
    return content | changes


def line(claim: str, **changes: Any) -> Line:
    (found,) = lines([judged(claim, **changes)], config(CLAIMS), NAMES)
    return found


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"direction": "with"}, ("with the paper", "↑", False)),
        ({"direction": "with", "low": 0.001}, ("with the paper", "▲", True)),
        ({"direction": "against", "low": -0.02, "high": -0.001}, ("against the paper", "▼", True)),
        ({"direction": "about equal"}, ("about equal", "≈", False)),
        ({"low": None, "high": None}, (DASH, "", False)),
    ],
)
def test_a_column_says_which_way_ours_points(
    changes: dict[str, Any], expected: tuple[str, str, bool]
) -> None:
    found = line("higher", **changes)
    assert (found.direction, found.symbol, found.clear) == expected
    assert not line("good", **changes).clear  # a level


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"verdict": "holds", "why": ""}, ""),
        ({}, "3 seeds of the 10 it takes"),
        ({"why": "scale"}, "for the paper's scale to decide"),
        ({"why": "wide", "seeds": 10, "claim": "good"}, "at n = 10"),
        ({"why": "wide", "seeds": 10},
         "at n = 10; a difference of this size takes more than 1,000 seeds"),
        ({"why": "wide", "seeds": 10, "seeds_to_find": 34, "claim": "equal"},
         "at n = 10; equivalence at this spread takes about 34 seeds"),
        ({"verdict": "not applicable", "why": "other arms"}, "other arms"),
        ({"verdict": "fails", "why": "", "unpaired": ["a-1", "a-4"]},
         "without a partner: Adam seed 1, Adam seed 4"),
    ],
)  # fmt: skip
def test_a_verdict_says_what_an_undecided_claim_lacks(changes: dict[str, Any], text: str) -> None:
    found = line(**({"claim": "higher"} | changes))
    assert (found.verdict, found.why) == (changes.get("verdict", "undecided"), text)


@pytest.mark.parametrize(
    ("claim", "changes", "ours", "paper", "count"),
    [
        ("higher", {}, f"+1.2 points [{MINUS}0.1, +2.5]", "+0.8 points", "3"),
        ("faster", {"value": 0.8, "low": -0.4, "high": 2.0}, f"+0.8 epochs [{MINUS}0.4, +2.0]",
         DASH, "3"),
        ("good", {"value": 0.84, "low": 0.82, "high": 0.86, "over": "seeds and images"},
         "84.0% [82.0%, 86.0%] over seeds and images", "95.5%", "3"),
        ("change", {}, f"+1.2 points [{MINUS}0.1, +2.5]", DASH, "3"),
        ("skewed", {"seeds": 0, "images": 50_000}, f"+1.2 points [{MINUS}0.1, +2.5]", DASH,
         "50,000 images"),
        ("higher", {"seeds": 0, "value": None}, DASH, "+0.8 points", DASH),
    ],
)  # fmt: skip
def test_ours_and_the_paper_s_stand_in_the_metric_s_unit(
    claim: str, changes: dict[str, Any], ours: str, paper: str, count: str
) -> None:
    found = line(claim, **changes)
    assert (found.ours, found.paper, found.count) == (ours, paper, count)


def test_a_level_s_mark_stands_beside_the_level() -> None:
    mark = line("good", value=0.84, low=0.82, high=0.86).mark
    assert mark is not None
    assert (mark.at, mark.value) == (80.0, 84.0)
    assert line("higher", value=None, low=None, high=None).mark is None


def test_jumps_say_over_which_epochs() -> None:
    falling = {arm: facts(epochs=300, steady_epochs=165) for arm in ARMS}
    asked = config({"stable": difference_claim(metric="jumps")}, arms=falling)
    asked.metrics["jumps"] = SpreadMetric(
        label="jumps", take="spread", of="validation_accuracy", last=0.5
    )
    (found,) = lines([judged("stable")], asked, NAMES)
    assert found.metric == "a number (epochs 16 to 165 of 300)"


def test_the_head_counts_verdicts_and_directions() -> None:
    table = [
        judged("higher", direction="with", verdict="holds", why="", low=0.001),
        judged("higher", direction="against", verdict="fails", why="", low=0.002),
        judged("faster", direction="about equal"),
        judged("equal", direction="with", verdict="holds", why=""),
        judged("good"),
    ]
    assert counts(table, config(CLAIMS)) == [
        "Verdicts on the paper's 5 claims: holds 2, fails 1, undecided 2.",
        "Direction of our means on 3 claims that one arm is above another: 1 with the paper, "
        "1 against it, 1 about equal; 2 decided, 2 with a 95% interval that excludes 0.",
    ]


def test_the_page_of_markdown_has_a_row_a_claim() -> None:
    table = [line("higher", sentence="A | B.", direction="with"), line("skewed", seeds=0)]
    rows = markdown(table, ["First.", "Second."]).splitlines()
    assert rows[:5] == ["# The paper's claims", "", "First.", "", "Second."]
    assert rows[8] == (
        rf"| 4.1 | A \| B. | +0.8 points | +1.2 points [{MINUS}0.1, +2.5], a number | 3 | "
        "with the paper | undecided: 3 seeds of the 10 it takes |"
    )
