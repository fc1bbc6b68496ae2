"""The paper's claims as a table: ours, which way it points, and what an undecided one lacks."""

from __future__ import annotations

from typing import Any

import pytest

from ablation.reporting.verdict_table import Line, counts, lines, markdown, reading
from ablation.reporting.wording import difference, level, signed
from ablation.statistics.config import (
    ChangeMetric,
    EpochsToLevelMetric,
    FinalMetric,
    ImagesToLevelMetric,
    SpreadMetric,
)
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
    "stable": difference_claim(metric="instability"),
    "skewed": labels_claim(),
}


def judged(claim: str, **changes: Any) -> dict[str, Any]:
    content = {
        "claim": claim, "section": "4.1", "sentence": f"{claim}.", "metric": "a number",
        "verdict": "undecided", "why": "seeds", "direction": None, "seeds": 3, "seeds_needed": 10,
        "images": None, "value": 0.012, "low": -0.001, "high": 0.025, "over": "seeds",
        "values": [], "unpaired": [], "seeds_to_find": None,
    }  # fmt: skip
    return content | changes


def line(claim: str, **changes: Any) -> Line:
    (found,) = lines([judged(claim, **changes)], config(CLAIMS), NAMES)
    return found


# --- a line -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("direction", "text", "symbol"),
    [("with", "with the paper", "↑"), ("against", "against the paper", "↓"),
     ("about equal", "about equal", "≈"), (None, DASH, "")],
)  # fmt: skip
def test_a_column_says_which_way_ours_points(direction: str | None, text: str, symbol: str) -> None:
    found = line("higher", direction=direction)
    assert (found.direction, found.symbol, found.clear) == (text, symbol, False)


def test_an_interval_that_leaves_out_0_is_marked_of_differences_alone() -> None:
    clear = line("higher", direction="with", low=0.001)
    assert (clear.symbol, clear.clear) == ("▲", True)
    assert line("higher", direction="against", low=-0.02, high=-0.001).symbol == "▼"
    assert not line("good", low=0.5).clear
    assert not line("higher", low=None, high=None).clear


def test_slower_where_the_paper_says_faster_points_against_it() -> None:
    """Adam converges faster: +0.8 epochs, undecided. That is slower."""
    found = line("faster", value=0.8, low=-0.4, high=2.0, direction="against")
    assert found.ours == f"+0.8 epochs [{MINUS}0.4, +2.0]"
    assert found.direction == "against the paper"
    assert found.mark is not None
    assert found.mark.low < found.mark.at < found.mark.value < found.mark.high


def test_a_level_s_mark_stands_beside_the_level() -> None:
    mark = line("good", value=0.84, low=0.82, high=0.86).mark
    assert mark is not None
    assert (mark.at, mark.value) == (80.0, 84.0)
    assert line("higher", value=None, low=None, high=None).mark is None


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"verdict": "holds", "why": ""}, ""),
        ({}, "3 seeds of the 10 it takes"),
        ({"seeds": 1}, "1 seed of the 10 it takes"),
        ({"why": "scale"}, "for the paper's scale to decide"),
        ({"why": "wide", "seeds": 10, "claim": "good"}, "at n = 10"),
        ({"why": "wide", "seeds": 10},
         "at n = 10; a difference of this size takes more than 1,000 seeds"),
        ({"why": "wide", "seeds": 10, "claim": "equal"},
         "at n = 10; an equivalence at this spread takes more than 1,000 seeds"),
        ({"why": "wide", "seeds": 10, "seeds_to_find": 34},
         "at n = 10; a difference of this size takes about 34 seeds"),
        ({"why": "wide", "seeds": 10, "seeds_to_find": 34, "claim": "equal"},
         "at n = 10; an equivalence at this spread takes about 34 seeds"),
        ({"why": "not measured"}, "not measured"),
        ({"verdict": "not applicable", "why": "train.optimizer of baseline is adam, not sgd"},
         "train.optimizer of baseline is adam, not sgd"),
        ({"verdict": "fails", "why": "", "unpaired": ["a-1", "a-4"]},
         "without a partner: Adam (seeds 1 and 4)"),
    ],
)  # fmt: skip
def test_a_verdict_says_what_an_undecided_claim_lacks(changes: dict[str, Any], text: str) -> None:
    found = line(**({"claim": "higher"} | changes))
    assert (found.verdict, found.why) == (changes.get("verdict", "undecided"), text)


def test_ours_and_the_paper_s_stand_in_the_metric_s_unit() -> None:
    assert line("higher").ours == f"+1.2 points [{MINUS}0.1, +2.5]"
    assert line("higher").paper == "+0.8 points"
    good = line("good", value=0.84, low=0.82, high=0.86, over="seeds and images", images=1000)
    assert good.ours == "84.0% [82.0%, 86.0%] over seeds and images"
    assert good.paper == "95.5%"
    assert line("good", value=0.84, low=0.82, high=0.86).ours == "84.0% [82.0%, 86.0%]"
    assert line("change").ours == f"+1.2 points [{MINUS}0.1, +2.5]"
    assert line("higher", value=None, why="not measured").ours == DASH


def test_labels_are_counted_in_images() -> None:
    found = line("skewed", seeds=0, images=50_000, value=0.001, low=-0.004, high=0.006)
    assert (found.count, found.ours) == ("50,000 images", f"+0.1 points [{MINUS}0.4, +0.6]")
    assert line("higher").count == "3"
    assert line("higher", seeds=0, value=None).count == DASH


def test_jumps_say_over_which_epochs_and_at_what_rate() -> None:
    assert line("stable").metric == "a number (epochs 6 to 10 of 10, at a constant rate)"
    falling = {arm: facts(epochs=300, steady_epochs=165) for arm in ARMS}
    asked = config(CLAIMS, arms=falling)
    (found,) = lines([judged("stable")], asked, NAMES)
    assert (
        found.metric
        == "a number (epochs 16 to 165 of 300, before the rate falls below 50.0% of its highest)"
    )


# --- the head ---------------------------------------------------------------------------------


def test_the_head_counts_what_is_decided_and_which_way_the_rest_points() -> None:
    table = [
        judged("higher", direction="with", verdict="holds", why="", low=0.001),
        judged("higher", direction="against", verdict="fails", why="", low=0.002),
        judged("faster", direction="against"),
        judged("faster", direction="about equal"),
        judged("higher", direction="with", low=None, high=None),
        judged("equal", direction="with", verdict="holds", why=""),
        judged("good"),
        judged("faster", value=None, why="not measured"),
        judged("stable", verdict="not applicable", why="so"),
    ]
    assert counts(table, config(CLAIMS)) == [
        "Of 9 claims of the paper 2 hold, 1 fails, 5 are undecided and 1 is not applicable.",
        "Of 5 claims on which of two arms is higher, our means point the paper's way in 2 and "
        "against it in 2, and 1 about equal; 2 of them are decided, and 2 have a 95% interval "
        "that leaves out 0.",
    ]
    alone = counts([judged("good", verdict="holds", why="")], config(CLAIMS))
    assert alone == ["Of 1 claim of the paper 1 holds, 0 fail and 0 are undecided."]


def test_how_to_read_the_table_names_the_margin_and_the_scale() -> None:
    text = reading(config(CLAIMS), "laptop")
    assert text.startswith("Scale laptop.")
    assert "within 0.5 points of 0" in text


def test_the_page_has_a_row_a_claim() -> None:
    table = [line("higher", sentence="A | B.", direction="with"), line("skewed", seeds=0)]
    page = markdown(table, ["First.", "Second."])
    rows = page.splitlines()
    assert rows[:5] == ["# The paper's claims", "", "First.", "", "Second."]
    assert rows[8].startswith(
        rf"| 4.1 | A \| B. | +0.8 points | +1.2 points [{MINUS}0.1, +2.5], a number | 3 | with the"
    )
    assert len({row.replace("\\|", "").count("|") for row in rows[6:]}) == 1


# --- numbers ----------------------------------------------------------------------------------

POINTS = FinalMetric(label="accuracy", take="final", of="test_accuracy")
EPOCHS = EpochsToLevelMetric(
    label="epochs", take="epochs_to_level", of="validation_accuracy", level=0.5
)
SEEN = ImagesToLevelMetric(
    label="images", take="images_to_level", of="validation_accuracy", level=0.5
)
SPREAD = SpreadMetric(label="spread", take="spread", of="validation_accuracy", last=0.5)
CHANGE = ChangeMetric(label="change", take="change", of="train_accuracy", part=0.3)


def test_differences_in_words() -> None:
    assert difference(0.0123, None, None, POINTS) == "+1.2 points"
    assert difference(-0.0123, -0.02, 0.0, POINTS) == f"{MINUS}1.2 points [{MINUS}2.0, 0.0]"
    assert difference(-1.25, None, float("nan"), EPOCHS) == f"{MINUS}1.3 epochs"
    assert difference(-38214.4, -40000.0, -2.0, SEEN) == (
        f"{MINUS}38,214 images [{MINUS}40,000, {MINUS}2]"
    )
    assert signed(0.00123, SPREAD) == "+0.12"
    assert signed(-0.0001, POINTS) == "0.0"
    assert level(0.8312, 0.82, 0.84, POINTS) == "83.1% [82.0%, 84.0%]"
    assert level(-0.02, None, None, CHANGE) == f"{MINUS}2.0 points"


def test_about_equal_is_within_the_margin_or_printed_as_zero() -> None:
    assert POINTS.about_equal(0.0049, 0.005)
    assert not POINTS.about_equal(-0.0051, 0.005)
    assert EPOCHS.about_equal(-0.04, 0.005)
    assert not EPOCHS.about_equal(0.06, 0.005)
    assert SPREAD.about_equal(0.00004, 0.005)
    assert not SPREAD.about_equal(0.001, 0.005)
