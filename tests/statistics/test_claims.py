"""Claims: ours, which way it points, and verdicts that keep to n, scale and margin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ablation.base.files import read_config
from ablation.statistics.verdicts import Judgement, Study, judge
from ablation.statistics.comparison import compare
from ablation.statistics.images import maximum_of
from tests.conftest import PARAMS
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
    labels: np.ndarray = AS_THREE, means: dict[str, float] = MEANS, **changes: Any,
) -> Judgement:  # fmt: skip
    asked = config({"it": claim})
    study = runs(means, seeds, sd, **changes)
    comparisons = compare(asked, study, "base", SETS)
    (found,) = judge(asked, Study(scale, study, comparisons, labels, EVEN))
    assert found.claim == "it"
    return found


# --- differences ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "verdict", "direction"),
    [
        ({}, "holds", "with"),
        ({"expect": "lower"}, "fails", "against"),
        ({"expect": "equivalent"}, "fails", "against"),
        ({"expect": "not_higher"}, "fails", "against"),
        ({"arms": ["base", "a"], "expect": "lower"}, "holds", "with"),  # against the table's order
        ({"arms": ["base", "a"]}, "fails", "against"),
        ({"arms": ["base", "a"], "expect": "not_higher"}, "holds", "with"),
        ({"arms": ["b", "base"], "expect": "equivalent"}, "holds", "with"),
        ({"arms": ["b", "base"]}, "fails", "about equal"),  # surely no difference that matters
        ({"arms": ["b", "base"], "expect": "not_higher"}, "holds", "with"),
        ({"metric": "epochs_to_half", "expect": "lower"}, "holds", "with"),  # fewer, and lower
        ({"metric": "epochs_to_half"}, "fails", "against"),
        ({"metric": "epochs_to_half", "arms": ["base", "a"]}, "holds", "with"),
        ({"metric": "images_to_half", "expect": "lower"}, "holds", "with"),
    ],
)
def test_a_direction_is_held_against_what_was_found(
    changes: dict[str, Any], verdict: str, direction: str
) -> None:
    found = judged(difference_claim(**changes))
    assert (found.verdict, found.direction) == (verdict, direction)


@pytest.mark.parametrize(
    ("changes", "direction"),
    [
        ({}, "with"),
        ({"expect": "lower"}, "against"),
        ({"metric": "epochs_to_half"}, "against"),  # our means say fewer, where the claim says more
        ({"arms": ["b", "base"]}, "about equal"),
        ({"arms": ["b", "base"], "expect": "equivalent"}, "with"),
        ({"expect": "equivalent"}, "against"),
    ],
)
def test_one_seed_decides_nothing_and_shows_a_direction(
    changes: dict[str, Any], direction: str
) -> None:
    found = judged(difference_claim(**changes), seeds=1)
    assert (found.verdict, found.why, found.direction) == ("undecided", "seeds", direction)
    assert (found.seeds, found.seeds_needed) == (1, 7 if "metric" not in changes else 6)
    assert found.low is None


@pytest.mark.parametrize("seeds", [1, 3, 6])
@pytest.mark.parametrize("expect", ["higher", "lower", "not_higher"])
def test_with_few_seeds_a_clear_difference_is_undecided(seeds: int, expect: str) -> None:
    found = judged(difference_claim(expect=expect), seeds)
    assert (found.verdict, found.why, found.seeds_needed) == ("undecided", "seeds", 7)
    assert found.seeds == len(found.values) == seeds


def test_a_wide_interval_is_undecided_and_says_how_many_seeds_such_a_difference_takes() -> None:
    found = judged(difference_claim(), sd=0.05)
    assert (found.verdict, found.why) == ("undecided", "wide")
    assert found.seeds_to_find is not None
    assert found.seeds_to_find > 10


def test_told_apart_and_yet_within_the_margin_is_equivalent() -> None:
    means = {"base": 0.800, "a": 0.803, "b": 0.8}
    found = judged(difference_claim(expect="equivalent"), sd=0.0005, means=means)
    assert found.verdict == "holds"


def test_ours_stands_with_its_interval_in_the_claim_s_own_direction() -> None:
    found = judged(difference_claim(arms=["base", "a"]))
    assert found.value == pytest.approx(-0.04, abs=0.003)
    assert found.value == pytest.approx(np.mean(found.values))
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high < 0
    assert (found.over, found.metric) == ("seeds", "validation accuracy")


def test_runs_without_a_partner_are_named() -> None:
    asked = config({"it": difference_claim()})
    study = runs(MEANS, 3)
    of_base = study["base", 1]
    study["base", 1] = replace(of_base, judged={**of_base.judged, "validation_accuracy": None})
    comparisons = compare(asked, study, "base", SETS)
    (found,) = judge(asked, Study("laptop", study, comparisons, AS_THREE, EVEN))
    assert (found.seeds, found.unpaired) == (2, ("a-1",))
    del study["base", 1]  # it never ran: the arm has fewer seeds
    comparisons = compare(asked, study, "base", SETS)
    (found,) = judge(asked, Study("laptop", study, comparisons, AS_THREE, EVEN))
    assert (found.seeds, found.unpaired) == (2, ())


# --- what a claim requires --------------------------------------------------------------------


def test_a_claim_on_arms_that_are_something_else_is_not_applicable() -> None:
    claims = {"it": difference_claim(metric="epochs_to_half"), "other": difference_claim()}
    asked = config(claims, not_applicable={"it": "train.optimizer of a is adam, not sgd"})
    study = runs(MEANS, 10)
    comparisons = compare(asked, study, "base", SETS)
    assert "epochs_to_half" not in set(comparisons["metric"])  # and so is in no family
    found, other = judge(asked, Study("laptop", study, comparisons, AS_THREE, EVEN))
    assert (found.verdict, found.why) == (
        "not applicable", "train.optimizer of a is adam, not sgd",
    )  # fmt: skip
    assert (found.value, found.direction, found.seeds) == (None, None, 0)
    assert other.verdict == "holds"


def test_a_claim_on_an_arm_that_failed_is_undecided_and_says_so() -> None:
    gone = ["c", "base"]  # no run of c is there
    claims = {"it": difference_claim(arms=gone), "other": difference_claim()}
    asked = config(claims, failed={"it": "its arm C failed"})
    study = runs(MEANS, 10)
    comparisons = compare(asked, study, "base", SETS)
    found, other = judge(asked, Study("laptop", study, comparisons, AS_THREE, EVEN))
    assert (found.verdict, found.why) == ("undecided", "its arm C failed")
    assert (found.value, found.direction, found.seeds) == (None, None, 0)
    assert other.verdict == "holds"


# --- levels -----------------------------------------------------------------------------------


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
        ({"metric": "change", "level": 0.0, "expect": "at_most"}, "laptop", "fails", ""),
    ],
)
def test_a_level_is_held_against_the_interval(
    changes: dict[str, Any], scale: str, verdict: str, why: str
) -> None:
    found = judged(level_claim(**changes), scale=scale)
    assert (found.verdict, found.why) == (verdict, why)
    assert (found.direction is None) == (why == "scale")


@pytest.mark.parametrize(("seeds", "verdict"), [(5, "undecided"), (6, "holds")])
def test_a_level_takes_six_seeds_whatever_the_families_are(seeds: int, verdict: str) -> None:
    found = judged(level_claim(), seeds)
    assert (found.verdict, found.seeds_needed) == (verdict, 6)
    assert found.direction == "with"


def test_a_level_on_the_shared_test_images_holds_their_variance_too() -> None:
    """84% with hardly a spread over ten seeds: the 1,000 images leave 2.3 points either way."""
    test = judged(level_claim(metric="test_accuracy", level=0.83))
    validation = judged(level_claim(level=0.83))
    assert (test.over, test.images, test.verdict) == ("seeds and images", 1000, "undecided")
    assert (validation.over, validation.images, validation.verdict) == ("seeds", None, "holds")
    assert test.low is not None
    assert test.low == pytest.approx(test.value - 0.024, abs=0.002)  # type: ignore[operator]
    assert judged(level_claim(metric="test_accuracy")).verdict == "holds"


def test_one_run_s_images_give_an_interval_and_training_images_none() -> None:
    found = judged(level_claim(), seeds=1)
    assert (found.verdict, found.why, found.over) == ("undecided", "seeds", "images")
    # Wilson's, of 84% of 1,000 images: 2.3 points either way.
    assert found.low == pytest.approx(found.value - 0.024, abs=0.002)  # type: ignore[operator]
    assert judged(level_claim(metric="training_accuracy"), seeds=1).low is None


def test_what_was_not_measured_is_undecided() -> None:
    for claim in (
        level_claim(metric="test_accuracy"),
        difference_claim(metric="test_accuracy"),
    ):
        found = judged(claim, test_accuracy=None)
        assert (found.verdict, found.why) == ("undecided", "not measured")
        assert (found.seeds, found.value, found.low, found.direction) == (0, None, None, None)


# --- labels -----------------------------------------------------------------------------------


def test_the_official_labels_are_those_of_the_largest_of_three_digits_of_mnist() -> None:
    """50,000 labels of the competition against MNIST's classes: nothing of ours takes part."""
    measured = read_config(PARAMS.parent / "ablation/data_check/measured.yaml", Measured)
    mnist = np.array([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
    asked = config({f"of_{n}": labels_claim(digits=n) for n in (2, 3, 4)})
    study = Study("smoke", {}, compare(asked, {}, "base", SETS), np.array(measured.labels),
                  mnist / mnist.sum())  # fmt: skip
    found = judge(asked, study)
    assert [each.verdict for each in found] == ["fails", "holds", "fails"]
    assert [(each.seeds, each.images) for each in found] == [(0, 50_000)] * 3
    assert abs(found[1].value or 1) < 0.005
    assert found[0].metric == "share of label 9 less that of the largest of 2"


def test_few_labels_decide_nothing() -> None:
    found = judged(labels_claim(), labels=AS_THREE // 150)
    assert (found.verdict, found.why) == ("undecided", "wide")


# --- the way of imports -----------------------------------------------------------------------


def test_statistics_give_data_and_know_nothing_of_words() -> None:
    modules = list((PARAMS.parent / "ablation/statistics").glob("*.py"))
    assert len(modules) > 5
    assert not [file.name for file in modules if "ablation.reporting" in file.read_text()]
