"""Claims: ours beside the paper's, and verdicts that keep to n, scale and margin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ablation.reporting.claims import introduction, markdown
from ablation.reporting.words import difference, level, signed
from ablation.statistics.claims import Judgement, Study, judge
from ablation.statistics.comparison import compare
from ablation.statistics.config import EpochsToLevelMetric, FinalMetric, SpreadMetric
from ablation.statistics.variance import maximum_of
from tests.statistics.study_of_claims import (
    config,
    difference_claim,
    labels_claim,
    level_claim,
    runs,
)

MEANS = {"base": 0.80, "a": 0.84, "b": 0.80}
SETS = dict.fromkeys(MEANS, "modified")
MINUS = "\N{MINUS SIGN}"
EVEN = np.full(10, 0.1)
AS_THREE = np.round(maximum_of(3, EVEN) * 30_000).astype(np.int64)


def judged(
    claim: dict[str, Any], seeds: int = 10, scale: str = "laptop", sd: float = 0.002,
    labels: np.ndarray = AS_THREE, **changes: Any,
) -> Judgement:  # fmt: skip
    asked = config({"it": claim})
    study = runs(MEANS, seeds, sd, **changes)
    comparisons = compare(asked, study, "base", SETS)
    (found,) = judge(asked, Study(scale, study, comparisons, labels, EVEN))
    assert found.claim == "it"
    return found


# --- differences ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "holds"),
        ({"expect": "lower"}, "fails"),
        ({"expect": "equivalent"}, "fails"),
        ({"arms": ["base", "a"], "expect": "lower"}, "holds"),  # against the table's direction
        ({"arms": ["base", "a"]}, "fails"),
        ({"arms": ["b", "base"], "expect": "equivalent"}, "holds"),
        ({"arms": ["b", "base"]}, "fails"),  # surely no difference that matters
        ({"metric": "epochs_to_half", "expect": "lower"}, "holds"),  # fewer is better, and lower
        ({"metric": "epochs_to_half"}, "fails"),
        ({"metric": "epochs_to_half", "arms": ["base", "a"]}, "holds"),
    ],
)
def test_a_direction_is_held_against_what_was_found(changes: dict[str, Any], verdict: str) -> None:
    assert judged(difference_claim(**changes)).verdict == verdict


def test_too_noisy_a_difference_is_undecided() -> None:
    found = judged(difference_claim(arms=["b", "base"]), sd=0.2)
    assert found.verdict == "undecided at n = 10 and scale laptop"


@pytest.mark.parametrize("seeds", [1, 3, 8])
@pytest.mark.parametrize("expect", ["higher", "lower", "equivalent"])
def test_with_few_seeds_a_difference_is_undecided(seeds: int, expect: str) -> None:
    found = judged(difference_claim(expect=expect, arms=["b", "base"]), seeds, scale="smoke")
    assert found.verdict == f"undecided at n = {seeds} and scale smoke"
    assert found.seeds == len(found.values) == seeds


def test_told_apart_and_yet_within_the_margin_is_equivalent() -> None:
    means = {"base": 0.800, "a": 0.803}
    asked = config({"it": difference_claim(expect="equivalent")}, pairs=[("a", "base")])
    study = runs(means, 10, sd=0.0005)
    comparisons = compare(asked, study, "base", SETS)
    assert set(comparisons["verdict"]) == {"better"}
    (found,) = judge(asked, Study("laptop", study, comparisons, AS_THREE, EVEN))
    assert found.verdict == "holds"


def test_ours_stands_with_its_interval_in_the_claim_s_own_direction() -> None:
    found = judged(difference_claim(arms=["base", "a"], paper=0.008))
    assert found.paper == "+0.8 points"
    assert found.value == pytest.approx(-0.04, abs=0.003)
    assert found.value == pytest.approx(np.mean(found.values))
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high < 0
    assert found.ours.startswith(f"{MINUS}4.")
    assert found.ours.endswith("]")
    assert found.metric == "validation accuracy"
    assert "[" not in judged(difference_claim(), seeds=1).ours


# --- levels -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "scale", "verdict"),
    [
        ({}, "laptop", "holds"),
        ({"level": 0.9}, "laptop", "fails"),
        ({"level": 0.84}, "laptop", "undecided at n = 10 and scale laptop"),
        ({"expect": "at_most"}, "laptop", "fails"),
        ({"expect": "at_most", "level": 0.9}, "laptop", "holds"),
        ({"scales": "paper"}, "laptop", "undecided at n = 10 and scale laptop"),
        ({"scales": "paper"}, "paper", "holds"),
    ],
)
def test_a_level_is_held_against_the_interval(
    changes: dict[str, Any], scale: str, verdict: str
) -> None:
    assert judged(level_claim(**changes), scale=scale).verdict == verdict


def test_with_few_seeds_a_level_is_undecided_and_one_run_s_images_give_an_interval() -> None:
    found = judged(level_claim(), seeds=1)
    assert found.verdict == "undecided at n = 1 and scale laptop"
    assert found.paper == "99.0%"
    assert found.ours.endswith("] over images")
    # Wilson's, of 84% of 1,000 images: 2.3 points either way.
    assert found.low == pytest.approx(found.value - 0.024, abs=0.002)  # type: ignore[operator]
    several = judged(level_claim(), seeds=3)
    assert "images" not in several.ours
    assert several.verdict == "undecided at n = 3 and scale laptop"


def test_what_was_not_measured_is_undecided() -> None:
    for claim in (
        level_claim(metric="test_accuracy"),
        difference_claim(metric="test_accuracy"),
    ):
        found = judged(claim, test_accuracy=None)
        assert (found.ours, found.verdict) == ("not measured", "undecided, not measured")
        assert (found.seeds, found.value, found.low) == (0, None, None)


# --- labels -----------------------------------------------------------------------------------


def test_labels_as_the_largest_of_three_need_no_run() -> None:
    found = judged(labels_claim(), seeds=1)
    assert found.verdict == "holds"
    assert found.seeds == 0
    assert judged(labels_claim(digits=2)).verdict == "fails"
    assert judged(labels_claim(digits=2)).metric == "share of label 9 less that of the largest of 2"


def test_few_labels_decide_nothing() -> None:
    found = judged(labels_claim(), labels=AS_THREE // 100)
    assert found.verdict == "undecided at 297 images"


# --- in words ---------------------------------------------------------------------------------

POINTS = FinalMetric(label="accuracy", take="final", of="test_accuracy")
EPOCHS = EpochsToLevelMetric(
    label="epochs", take="epochs_to_level", of="validation_accuracy", level=0.5
)
SPREAD = SpreadMetric(label="spread", take="spread", of="validation_accuracy", last=0.5)


def test_differences_in_words() -> None:
    assert difference(0.0123, None, None, POINTS) == "+1.2 points"
    assert difference(-0.0123, -0.02, 0.0, POINTS) == f"{MINUS}1.2 points [{MINUS}2.0, 0.0]"
    assert difference(-1.25, None, float("nan"), EPOCHS) == f"{MINUS}1.3 epochs"
    assert signed(0.00123, SPREAD) == "+0.12"
    assert signed(-0.0001, POINTS) == "0.0"
    assert level(0.8312, 0.82, 0.84) == "83.1% [82.0%, 84.0%]"


def test_the_page_has_a_row_a_claim() -> None:
    claims = [
        {"section": "4.1", "sentence": "A | B.", "paper": "–", "ours": "+1.0 points",  # noqa: RUF001
         "metric": "test accuracy", "seeds": 3, "verdict": "holds"},
        {"section": "2", "sentence": "Skewed.", "paper": "–", "ours": "0.0 points",  # noqa: RUF001
         "metric": "share", "seeds": 0, "verdict": "fails"},
    ]  # fmt: skip
    page = markdown(claims, ["First.", "Second."])
    lines = page.splitlines()
    assert lines[:5] == ["# The paper's claims", "", "First.", "", "Second."]
    assert r"| 4.1 | A \| B. | – | +1.0 points, test accuracy | 3 | holds |" in lines  # noqa: RUF001
    assert lines[-1].endswith("| – | fails |")  # noqa: RUF001
    assert len({line.replace("\\|", "").count("|") for line in lines[6:]}) == 1


@pytest.mark.parametrize("seeds", [1, 3, 10])
def test_the_introduction_says_what_n_allows(seeds: int) -> None:
    text = " ".join(introduction(seeds, "laptop", 0.005))
    assert ("no verdict is possible" in text) == (seeds < 9)
    assert ("images alone" in text) == (seeds == 1)
    assert "within 0.5 points of 0" in text
