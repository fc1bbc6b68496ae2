"""Claims: ours, which way it points, and verdicts that keep to n, scale and margin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ablation.statistics.comparison import compare
from ablation.statistics.intervals import maximum_of
from ablation.statistics.verdicts import Judgement, Study, judge
from tests.statistics.study_of_claims import (
    config,
    difference_claim,
    labels_claim,
    level_claim,
    runs,
)

MEANS = {"base": 0.80, "a": 0.84, "b": 0.80}
SETS = dict.fromkeys(MEANS, "modified")
EVEN = np.full(10, 0.1)
AS_THREE = np.round(maximum_of(3, EVEN) * 50_000).astype(np.int64)


def judged(
    claim: dict[str, Any], seeds: int = 10, scale: str = "laptop", sd: float = 0.002,
    labels: np.ndarray = AS_THREE, means: dict[str, float] = MEANS, why: str = "", **changes: Any,
) -> Judgement:  # fmt: skip
    asked = config({"it": claim}, not_applicable={"it": why} if why else None)
    study = runs(means, seeds, sd, **changes)
    comparisons = compare(asked, study, "base", SETS)
    (found,) = judge(asked, Study(scale, study, comparisons, labels, EVEN))
    assert found.claim == "it"
    return found


@pytest.mark.parametrize(
    ("changes", "verdict", "direction"),
    [
        ({}, "holds", "with"),
        ({"expect": "lower"}, "fails", "against"),
        ({"expect": "equivalent"}, "fails", "against"),
        ({"expect": "not_higher"}, "fails", "against"),
        ({"arms": ["base", "a"], "expect": "lower"}, "holds", "with"),  # against the table's order
        ({"arms": ["base", "a"], "expect": "not_higher"}, "holds", "with"),
        ({"arms": ["b", "base"], "expect": "equivalent"}, "holds", "with"),
        ({"arms": ["b", "base"]}, "fails", "about equal"),  # surely no difference that matters
        ({"arms": ["b", "base"], "expect": "not_higher"}, "holds", "with"),
        ({"metric": "epochs_to_half", "expect": "lower"}, "holds", "with"),  # fewer, and lower
        ({"metric": "epochs_to_half"}, "fails", "against"),
        ({"metric": "images_to_half", "expect": "lower"}, "holds", "with"),
    ],
)
def test_a_direction_is_held_against_what_was_found(
    changes: dict[str, Any], verdict: str, direction: str
) -> None:
    found = judged(difference_claim(**changes))
    assert (found.verdict, found.direction) == (verdict, direction)
    one = judged(difference_claim(**changes), seeds=1)
    assert (one.verdict, one.why, one.low) == ("undecided", "seeds", None)


def test_ours_stands_with_its_interval_in_the_claim_s_own_direction() -> None:
    found = judged(difference_claim(arms=["base", "a"]))
    assert found.value == pytest.approx(-0.04, abs=0.003)
    assert found.value == pytest.approx(np.mean(found.values))
    assert found.low < found.value < found.high < 0  # type: ignore[operator]
    assert (found.over, found.metric, found.seeds) == ("seeds", "validation accuracy", 10)


def test_what_is_undecided_says_why() -> None:
    few = judged(difference_claim(), seeds=6)
    assert (few.verdict, few.why, few.seeds_needed) == ("undecided", "seeds", 7)
    wide = judged(difference_claim(), sd=0.05)
    assert (wide.verdict, wide.why) == ("undecided", "wide")
    assert (wide.seeds_to_find or 0) > 10
    for claim in (level_claim(metric="test_accuracy"), difference_claim(metric="test_accuracy")):
        none = judged(claim, test_accuracy=None)
        assert (none.verdict, none.why, none.value) == ("undecided", "not measured", None)


def test_significant_and_yet_within_the_margin_is_equivalent() -> None:
    means = {"base": 0.800, "a": 0.803, "b": 0.8}
    assert judged(difference_claim(expect="equivalent"), sd=0.0005, means=means).verdict == "holds"


def test_a_claim_on_arms_that_are_something_else_is_not_applicable() -> None:
    found = judged(difference_claim(), why="train.optimizer of a is adam, not sgd")
    assert found.verdict == "not applicable"
    assert found.why == "train.optimizer of a is adam, not sgd"
    assert (found.value, found.direction, found.seeds) == (None, None, 0)


@pytest.mark.parametrize(
    ("changes", "scale", "verdict", "why"),
    [
        ({}, "laptop", "holds", ""),
        ({"level": 0.9}, "laptop", "fails", ""),
        ({"level": 0.84}, "laptop", "undecided", "wide"),
        ({"expect": "at_most"}, "laptop", "fails", ""),
        ({"expect": "at_most", "level": 0.9}, "laptop", "holds", ""),
        ({"scales": "paper"}, "laptop", "undecided", "scale"),
        ({"scales": "paper"}, "paper", "holds", ""),
        ({"metric": "change", "level": 0.0}, "laptop", "holds", ""),
    ],
)
def test_a_level_is_held_against_the_interval(
    changes: dict[str, Any], scale: str, verdict: str, why: str
) -> None:
    found = judged(level_claim(**changes), scale=scale)
    assert (found.verdict, found.why) == (verdict, why)
    assert (found.direction is None) == (why == "scale")
    assert judged(level_claim(**changes), seeds=5, scale=scale).verdict == "undecided"


def test_a_level_on_shared_images_holds_their_variance_too() -> None:
    """84% with hardly a spread over ten seeds: the 1,000 images leave 2.3 points either way."""
    test = judged(level_claim(metric="test_accuracy", level=0.83))
    validation = judged(level_claim(level=0.83))
    assert (test.over, test.images, test.verdict) == ("seeds and images", 1000, "undecided")
    assert (validation.over, validation.images, validation.verdict) == ("seeds", None, "holds")
    one = judged(level_claim(), seeds=1)
    assert one.over == "images"
    assert one.low == pytest.approx(one.value - 0.024, abs=0.002)  # type: ignore[operator]
    assert judged(level_claim(metric="training_accuracy"), seeds=1).low is None


def test_labels_are_those_of_the_largest_of_three_digits_and_few_decide_nothing() -> None:
    found = {n: judged(labels_claim(digits=n)) for n in (2, 3, 4)}
    assert {n: each.verdict for n, each in found.items()} == {2: "fails", 3: "holds", 4: "fails"}
    assert (found[3].seeds, found[3].images) == (0, AS_THREE.sum())
    assert found[2].metric == "share of label 9 less that of the largest of 2"
    few = judged(labels_claim(), labels=AS_THREE // 150)
    assert (few.verdict, few.why) == ("undecided", "wide")
