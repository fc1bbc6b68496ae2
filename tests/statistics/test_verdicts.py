"""Each kind of claim holds, fails and stays open, with its reason; and the rules above them all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ablation.statistics.comparison import compare
from ablation.statistics.config import ClaimsConfig
from ablation.statistics.intervals import maximum_of
from ablation.statistics.regimes import Regime, may_fail, regimes
from ablation.statistics.verdicts import Judgement, Study, judge
from tests.statistics.study_of_claims import (
    config,
    difference_claim,
    facts,
    labels_claim,
    level_claim,
    none_higher_claim,
    runs,
    with_values,
)

CLASSES = np.full(10, 0.1)
NEAR, WIDE = 0.002, 0.03  # spreads over seeds
MET = [Regime("cnn", True, [])]


def study(asked: ClaimsConfig, table: pd.DataFrame, **changes: Any) -> Study:
    labels = np.round(50_000 * maximum_of(3, CLASSES)).astype(int)
    return replace(Study("laptop", table, compare(asked, table), [], labels, CLASSES), **changes)


def judged(claim: dict[str, Any], table: pd.DataFrame, **changes: Any) -> Judgement:
    """The claim on these runs; `changes` of the study, its `arms` and `fails_in_paper`."""
    asked = config({"claim": claim}, arms=changes.pop("arms", None),
                   fails_in_paper=changes.pop("fails_in_paper", []))  # fmt: skip
    (found,) = judge(asked, study(asked, table, **changes))
    return found


@pytest.mark.parametrize(
    ("expect", "mean", "sd", "verdict", "why"),
    [
        ("higher", 0.85, NEAR, "holds", "significant"),
        ("higher", 0.75, NEAR, "fails", "significant, the other way"),
        ("higher", 0.80, NEAR, "fails", "equal within the margin"),
        ("higher", 0.80, WIDE, "open", "not significant"),
        ("lower", 0.75, NEAR, "holds", "significant"),
        ("lower", 0.85, NEAR, "fails", "significant, the other way"),
        ("equal", 0.80, NEAR, "holds", "equal within the margin"),
        ("equal", 0.85, NEAR, "fails", "significant, not within the margin"),
        ("equal", 0.80, WIDE, "open", "interval too wide"),
        ("not_higher", 0.75, WIDE, "holds", "upper bound below the margin"),
        ("not_higher", 0.80, NEAR, "holds", "upper bound below the margin"),
        ("not_higher", 0.85, NEAR, "fails", "significantly higher"),
        ("not_higher", 0.80, WIDE, "open", "interval too wide"),
    ],
)
@pytest.mark.parametrize("arms", [["a", "base"], ["base", "a"]])
def test_a_difference_either_way_round(
    expect: str, mean: float, sd: float, verdict: str, why: str, arms: list[str]
) -> None:
    means = {arms[0]: mean, arms[1]: 0.80, "b": 0.9}
    found = judged(difference_claim(arms=arms, expect=expect), runs(means, sd=sd))
    assert (found.verdict, found.why) == (verdict, why)
    assert found.n == (10, 10)
    (number,) = found.numbers
    assert number.value == pytest.approx(mean - 0.80, abs=sd)
    assert number.low < number.value < number.high  # type: ignore[operator]
    assert (found.above == 10) == (mean > 0.80)


def test_a_difference_that_is_surely_not_0_may_still_be_equal_and_not_higher() -> None:
    table = runs({"a": 0.803, "base": 0.80, "b": 0.9}, sd=0.001)
    for expect in ("higher", "equal", "not_higher"):
        assert judged(difference_claim(expect=expect), table).verdict == "holds"
    assert judged(difference_claim(expect="lower"), table).verdict == "fails"


@pytest.mark.parametrize(
    ("a", "b", "sd", "verdict", "of"),
    [
        (0.80, 0.79, NEAR, "holds", "a"),
        (0.79, 0.85, NEAR, "fails", "b"),
        (0.80, 0.79, WIDE, "open", None),
    ],
)
def test_none_is_higher_where_every_bound_is_below_the_margin(
    a: float, b: float, sd: float, verdict: str, of: str | None
) -> None:
    found = judged(none_higher_claim(), runs({"base": 0.80, "a": a, "b": b}, sd=sd))
    assert found.verdict == verdict
    assert of is None or found.numbers[0].of == of


@pytest.mark.parametrize(
    ("expect", "level", "verdict", "why"),
    [
        ("at_least", 0.78, "holds", "above the level"),
        ("at_least", 0.82, "fails", "below the level"),
        ("at_least", 0.80, "open", "the interval contains the level"),
        ("at_most", 0.82, "holds", "below the level"),
        ("at_most", 0.78, "fails", "above the level"),
        ("at_most", "majority", "fails", "above the level"),
    ],
)
def test_a_level(expect: str, level: float | str, verdict: str, why: str) -> None:
    claim = level_claim(expect=expect, levels={"validation_accuracy": level})
    found = judged(claim, runs({"a": 0.80}))
    assert (found.verdict, found.why, found.n) == (verdict, why, (10,))
    assert found.numbers[0].median is None
    few = judged(claim, runs({"a": 0.80}, seeds=4))
    assert (few.verdict, few.why) == ("open", "fewer than five runs")


def test_the_majority_class_is_a_level_with_the_margin_on_top() -> None:
    claim = level_claim(expect="at_most", levels={"validation_accuracy": "majority"})
    on_it = runs({"a": 0.27}, sd=0.0005, stuck=True)
    found = judged(claim, on_it, fails_in_paper=["a"])
    assert (found.verdict, found.numbers[0].level) == ("holds", pytest.approx(0.275))
    assert found.numbers[0].median == on_it["validation_accuracy"].median().round(9)  # stuck
    assert judged(claim, on_it).verdict == "open"  # of an arm that the paper does not say it of


def test_on_test_images_the_level_s_interval_holds_theirs_too() -> None:
    table = runs({"a": 0.80})
    test, validation = (
        judged(level_claim(levels={f"{part}_accuracy": 0.8}), table).numbers[0]
        for part in ("test", "validation")
    )
    assert test.value == validation.value
    assert test.low < validation.low  # type: ignore[operator]
    assert (test.over, validation.over) == ("seeds and images", "seeds")
    claim = level_claim(levels={"test_accuracy": 0.8})
    assert judged(claim, runs({"a": 0.80}, seeds=1)).numbers[0].over == "images"


@pytest.mark.parametrize(
    ("gap", "rise", "verdict"),
    [(0.2, 0.5, "holds"), (0.2, 0.02, "fails"), (-0.2, 0.5, "fails"), (0.0, 0.5, "open")],
)
def test_overfitting_takes_a_gap_and_a_loss_that_rises(
    gap: float, rise: float, verdict: str
) -> None:
    table = runs({"a": 0.8}, loss_rise=rise)
    noise = np.random.default_rng(0).normal(0, 0.01, 10)
    claim = level_claim(levels={"generalization_gap": 0.0, "loss_rise": 0.1})
    found = judged(claim, with_values(table, "a", "generalization_gap", gap + noise))
    assert found.verdict == verdict
    assert [number.metric for number in found.numbers] == ["generalization_gap", "loss_rise"]


@pytest.mark.parametrize(
    ("digits", "margin", "verdict"),
    [(3, 0.02, "holds"), (2, 0.02, "fails"), (4, 0.02, "fails"), (3, 0.001, "open")],
)
def test_labels_are_held_against_the_largest_of_so_many_digits(
    digits: int, margin: float, verdict: str
) -> None:
    found = judged(labels_claim(digits=digits, margin=margin), runs({"a": 0.8}))
    assert (found.verdict, found.n, found.numbers[0].over) == (verdict, (50_000,), "images")


# --- the rules above them -----------------------------------------------------------------------


@pytest.mark.parametrize(("share", "verdict"), [(2, "holds"), (3, "open"), (10, "open")])
def test_with_three_stuck_runs_of_ten_a_claim_on_the_arm_is_open(share: int, verdict: str) -> None:
    table = with_values(
        runs({"a": 0.85, "base": 0.8, "b": 0.9}, sd=NEAR), "base", "stuck", [True] * share
    )
    found = judged(difference_claim(), table)
    assert found.verdict == verdict
    assert len(found.stuck) == share
    if verdict == "open":
        assert found.why == "too many runs of an arm are stuck"
        assert judged(difference_claim(), table, fails_in_paper=["base"]).verdict == "holds"


def test_a_claim_fails_where_its_regime_is_met_and_holds_anywhere_naming_the_scale() -> None:
    table = runs({"a": 0.75, "base": 0.8, "b": 0.9}, sd=NEAR)
    fails, holds = (
        difference_claim(regimes=["cnn"]),
        difference_claim(regimes=["cnn"], expect="lower"),
    )
    assert judged(fails, table, regimes=MET).verdict == "fails"
    assert judged(holds, table, regimes=MET).why == "significant"
    assert judged(fails, table, scale="paper").verdict == "fails"
    for unmet in ([], [Regime("cnn", False, [])]):
        found = judged(fails, table, regimes=unmet)
        assert (found.verdict, found.why) == ("open", "not tested at this scale")
        assert judged(holds, table, regimes=unmet).verdict == "holds"
        assert judged(holds, table, regimes=unmet).why == "significant, at scale laptop"


def test_what_nobody_measured_is_open() -> None:
    table = runs({"a": 0.8, "base": 0.8, "b": 0.8}, instability=None, convergence=None)
    for claim, why in (
        (difference_claim(metric="instability"), "no eight measurements at a nearly constant rate"),
        (difference_claim(metric="convergence"), "not measured"),
        (level_claim(levels={"convergence": 0.8}), "not measured"),
        (none_higher_claim(metric="convergence"), "not measured"),
    ):
        found = judged(claim, table)
        assert (found.verdict, found.why) == ("open", why)


def test_a_level_that_no_run_reaches_is_no_tie() -> None:
    table = runs({"a": 0.5, "base": 0.6, "b": 0.8}, convergence=float("inf"))
    found = judged(difference_claim(metric="convergence"), table)
    assert (found.verdict, found.why) == ("open", "no run of either arm reaches the level")
    table = with_values(table, "a", "convergence", [2000.0])
    found = judged(difference_claim(metric="convergence"), table)
    assert (found.verdict, found.why) == ("open", "not significant")


def test_curves_that_are_measured_otherwise_are_not_compared_in_their_stability() -> None:
    table, claim = runs({"a": 0.9, "base": 0.8, "b": 0.8}), difference_claim(metric="instability")
    assert judged(claim, table).verdict == "holds"
    for change in ({"epoch_images": 100}, {"measured_validation": 50}):
        found = judged(claim, table, arms={"a": facts(**change)})
        assert (found.verdict, found.why) == ("open", "measured on unlike numbers of images")


def test_a_claim_whose_arm_is_not_what_its_label_says_is_not_applicable() -> None:
    asked = config({"claim": difference_claim()}, not_applicable={"claim": "a is Adam"})
    (found,) = judge(asked, study(asked, runs({"a": 0.9, "base": 0.8, "b": 0.8})))
    assert (found.verdict, found.why, found.numbers) == ("not applicable", "a is Adam", ())


# --- regimes ------------------------------------------------------------------------------------

REGIMES = {"cnn": {"arms": ["base"], "training_accuracy": 0.99, "validation_accuracy": 0.92},
           "vgg": {"arms": ["a", "b"], "training_accuracy": 0.95},
           "unsaid": {"arms": ["base"]}}  # fmt: skip
PILOT = ["arm", "learning_rate", "images", "training_accuracy", "validation_accuracy"]


@pytest.mark.parametrize(
    ("rows", "met"),
    [
        ([], set()),
        ([("base", 0.1, 5000, 0.995, 0.93)], {"cnn"}),
        ([("base", 0.1, 5000, 0.995, 0.93), ("base", 0.1, 5000, 0.991, 0.90)], set()),  # 0.915
        ([("base", 0.1, 5000, 0.98, 0.93)], set()),
        ([("base", 0.3, 5000, 0.995, 0.93)], set()),  # another rate
        ([("base", 0.1, 1250, 0.995, 0.93)], set()),  # a quarter of a run
        ([("base", 0.1, 6000, 0.995, 0.93)], set()),  # longer than a run
        ([("a", 0.1, 5000, 0.96, 0.5)], set()),  # b is not measured
        ([("a", 0.1, 5000, 0.96, 0.5), ("b", 0.1, 4960, 0.95, 0.5)], {"vgg"}),
    ],
)
def test_a_regime_is_met_where_pilot_runs_like_the_study_s_reach_it(rows: Any, met: set) -> None:
    found = regimes(config(regimes=REGIMES), pd.DataFrame(rows, columns=PILOT))
    assert {regime.name for regime in found if regime.met} == met
    assert may_fail([], found, "laptop")
    assert may_fail(["cnn"], found, "laptop") == ("cnn" in met)
    assert not may_fail(["cnn", "vgg"], found, "laptop")
    assert not may_fail(["paper"], found, "laptop")
    assert may_fail(["paper"], found, "paper")
