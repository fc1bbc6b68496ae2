"""The paper's claims as a table: ours, what speaks for it, and what else to know."""

from __future__ import annotations

from typing import Any

import pytest

from ablation.reporting.verdict_table import Line, counts, in_regimes, lines, markdown
from tests.statistics.study_of_claims import (
    config,
    difference_claim,
    labels_claim,
    level_claim,
)

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"
NAMES = {"a": "Adam", "base": "baseline", "b": "SGD"}
CLAIMS = {
    "faster": difference_claim(metric="convergence", expect="lower"),
    "longer": difference_claim(metric="convergence", paper=1200),
    "higher": difference_claim(paper=0.008, contradicts="equal"),
    "equal": difference_claim(expect="equal", sentence="Both are equal."),
    "good": level_claim(paper=0.955),
    "overfits": level_claim(levels={"loss_rise": 0.1}, paper=None),
    "skewed": labels_claim(),
    "implied": difference_claim(implied=True),
}
NUMBER: dict[str, Any] = {
    "name": "a number", "metric": "validation_accuracy", "of": "", "value": 0.012, "low": -0.001,
    "high": 0.025, "level": None, "over": "seeds", "median": None,
}  # fmt: skip


def judged(claim: str, number: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = {
        "claim": claim, "section": "4.1", "sentence": f"{claim}.", "verdict": "open",
        "why": "not significant", "numbers": [NUMBER | (number or {})], "n": [10, 5], "p": 0.0123,
        "above": 9, "stuck": [],
    }  # fmt: skip
    return content | changes


def line(claim: str, number: dict[str, Any] | None = None, **changes: Any) -> Line:
    (found,) = lines([judged(claim, number, **changes)], config(CLAIMS), NAMES)
    return found


@pytest.mark.parametrize(
    ("claim", "number", "ours", "paper"),
    [
        ("higher", {}, (f"+1.2 points [{MINUS}0.1, +2.5]", "a number"), "+0.8 points"),
        ("higher", {"low": None}, (f"+1.2 points [{MINUS}∞, +2.5]", "a number"), "+0.8 points"),
        ("faster", {"metric": "convergence", "value": -800.0, "low": -1200.0, "high": 10.0},
         (f"{MINUS}800 images [{MINUS}1,200, +10]", "a number"), DASH),
        ("faster", {"metric": "convergence", "value": None, "low": None, "high": None},
         ("infinite", "a number"), DASH),
        ("good", {"value": 0.84, "low": 0.82, "high": 0.86, "level": 0.8,
                  "over": "seeds and images"},
         ("84.0% [82.0%, 86.0%] over seeds and images", "a number, required at least 80.0%"),
         "95.5%"),
        ("good", {"value": 0.84, "low": 0.6, "high": 1.1, "level": 0.8, "median": 0.943},
         ("84.0% [60.0%, 100.0%], median 94.3%", "a number, required at least 80.0%"), "95.5%"),
        ("overfits", {"metric": "loss_rise", "value": 0.5, "low": 0.4, "high": 0.6, "level": 0.1,
                      "median": 0.45},
         ("+50% [+40, +60], median +45%", "a number, required at least +10%"), DASH),
        ("skewed", {"metric": "", "over": "images"},
         (f"+1.2 points [{MINUS}0.1, +2.5]", "a number"), DASH),
        ("higher", {"of": "b"}, (f"+1.2 points [{MINUS}0.1, +2.5]", "a number (SGD)"),
         "+0.8 points"),
    ],
)  # fmt: skip
def test_ours_and_the_paper_s_stand_in_the_metric_s_unit(
    claim: str, number: dict[str, Any], ours: tuple[str, str], paper: str
) -> None:
    found = line(claim, number)
    ((*told, _),) = found.ours
    assert (told, found.paper) == ([*ours], paper)


def test_what_nobody_measured_has_its_name_alone() -> None:
    nothing = {"value": None, "low": None, "high": None}
    found = line("higher", nothing, n=[], p=None, above=None)
    assert (found.ours, found.n, found.evidence) == ([(DASH, "a number", None)], DASH, "")


@pytest.mark.parametrize(("claim", "paper"), [("good", "95.5%"), ("longer", "+1,200 images")])
def test_the_paper_s_number_stands_beside_a_claim_that_does_not_apply(
    claim: str, paper: str
) -> None:
    assert (
        line(claim, verdict="not applicable", numbers=[], n=[], p=None, above=None).paper == paper
    )


def test_the_evidence_is_p_and_how_many_runs_lie_above_the_other_s_median() -> None:
    found = line("higher")
    assert (found.n, found.evidence) == ("10, 5", "p 0.012, 9 of 10 runs above the other's median")
    labels = line("skewed", {"metric": "", "over": "images"}, n=[50_000], p=None, above=None)
    assert (labels.n, labels.evidence) == ("50,000 images", "")


def test_notes_name_stuck_runs_the_contrary_claim_and_what_is_only_implied() -> None:
    stuck = line("equal", stuck=["a-20", "a-21", "b-20"])
    assert stuck.notes == ["stuck runs: Adam: 2, SGD: 1"]
    assert line("higher").notes == ["the paper also says: “Both are equal.”"]
    assert line("implied").notes == ["implied by the paper, not stated, and not counted"]
    (beside,) = lines([judged("faster")], config(CLAIMS), NAMES, {"faster": "in seconds: 3"})
    assert beside.notes == ["in seconds: 3"]


def test_a_level_s_mark_stands_beside_the_level() -> None:
    ((*_, mark),) = line("good", {"value": 0.84, "low": 0.82, "high": 0.86, "level": 0.8}).ours
    assert mark is not None
    assert (mark.at, mark.value) == (80.0, 84.0)


def test_the_head_counts_verdicts_and_sides_of_what_the_paper_states() -> None:
    table = [
        judged("higher", verdict="holds"), judged("equal", verdict="fails"), judged("good", p=None),
        judged("faster", p=0.2), judged("implied", verdict="holds"),
    ]  # fmt: skip
    assert counts(table, config(CLAIMS)) == (
        "Of the paper's 4 claims, 1 holds, 1 fails, 2 are open. Of those that say which of two "
        "arms is higher, 2 could be measured: our difference has the paper's sign in 1, "
        "significantly in 1, and the opposite sign in 1, significantly in 0."
    )
    assert counts([], config(CLAIMS)) == ""
    assert counts([judged("good", p=None)], config(CLAIMS)).endswith(" 1 is open.")


def test_without_a_regime_nothing_is_said_of_any() -> None:
    assert in_regimes([], NAMES) == ""


def test_the_page_of_markdown_has_a_row_a_claim() -> None:
    table = [line("implied", sentence="A | B."), line("skewed")]
    rows = markdown(table, ["First.", "", "Second."]).splitlines()
    assert rows[:5] == ["# The paper's claims", "", "First.", "", "Second."]
    assert rows[8] == (
        r"| 4.1 | A \| B. (implied by the paper, not stated, and not counted) | "
        f"{DASH} | +1.2 points [{MINUS}0.1, +2.5], a number | 10, 5 | "
        "p 0.012, 9 of 10 runs above the other's median | open: not significant |"
    )
