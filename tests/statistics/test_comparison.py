"""The table of comparisons: which pairs, what stands in a row, and when there is no verdict."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ablation.statistics.comparison import COLUMNS, compare
from ablation.statistics.pairs import best_pairs, pairs
from ablation.statistics.runs import Run
from ablation.statistics.significance import detectable, seeds_to_equal
from tests.statistics.study_of_claims import ARMS, config, difference_claim, facts, runs

SETS = dict.fromkeys(ARMS, "modified")
MEANS = {"base": 0.80, "a": 0.84, "b": 0.80, "c": 0.7}


def table(seeds: int) -> pd.DataFrame:
    return compare(config(), runs(MEANS, seeds), "base", SETS)


def row(found: pd.DataFrame, arm: str, other: str, metric: str) -> pd.Series:
    rows = found[(found["arm"] == arm) & (found["other"] == other) & (found["metric"] == metric)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_every_pair_stands_in_the_table_once_for_each_metric_of_the_study() -> None:
    found = table(10)
    assert list(found.columns) == list(COLUMNS)
    for metric in ("validation_accuracy", "test_accuracy"):
        of_metric = found.loc[found["metric"] == metric, ["arm", "other", "group"]]
        assert of_metric.to_numpy().tolist() == [
            ["a", "base", "baseline"], ["b", "base", "baseline"], ["b", "a", "pairs"],
        ]  # fmt: skip
    assert set(found["metric"]) == {"validation_accuracy", "test_accuracy"}


def test_a_row_says_what_scipy_says_of_the_differences() -> None:
    study = runs(MEANS, 10)
    found = row(compare(config(), study, "base", SETS), "a", "base", "test_accuracy")
    first, second = (
        np.array([study[arm, seed].judged["test_accuracy"] for seed in range(10)], dtype=float)
        for arm in ("a", "base")
    )
    t = stats.ttest_rel(first, second)
    assert found["seeds"] == 10
    assert found["difference"] == pytest.approx(np.mean(first - second))
    interval, narrow = t.confidence_interval(0.95), t.confidence_interval(0.90)
    assert (found["low"], found["high"]) == pytest.approx((interval.low, interval.high))
    assert (found["low_90"], found["high_90"]) == pytest.approx((narrow.low, narrow.high))
    assert found["p"] == pytest.approx(2 / 1024)
    assert found["improvement"] == found["improvement_high"] == 1.0
    assert found["improvement_low"] == pytest.approx(0.025**0.1)
    assert found["sd"] == pytest.approx(np.std(first - second, ddof=1))
    assert pd.isna(found["diverged"])
    assert pd.isna(found["unpaired"])
    assert found["verdict"] == "better"


def test_holm_corrects_over_all_pairs_of_a_family() -> None:
    found = table(10)
    assert set(found["tests"]) == {3}
    smallest = 2 / 1024  # of two of the three
    assert row(found, "a", "base", "test_accuracy")["p_holm"] == pytest.approx(3 * smallest)
    assert row(found, "b", "a", "test_accuracy")["p_holm"] == pytest.approx(3 * smallest)


def test_what_somebody_adds_is_a_family_of_its_own_and_costs_the_paper_s_arms_nothing() -> None:
    paper = table(10)
    arms = {arm: facts(family="added" if arm == "c" else "paper") for arm in ARMS}
    pairs_ = [("a", "base"), ("b", "base"), ("b", "a"), ("c", "base"), ("c", "a")]
    found = compare(config(pairs=pairs_, arms=arms), runs(MEANS, 10), "base", SETS)
    families = found[found["metric"] == "test_accuracy"].set_index(["arm", "other"])
    assert families["family"].to_dict() == {
        ("a", "base"): "paper", ("b", "base"): "paper", ("b", "a"): "paper",
        ("c", "base"): "added", ("c", "a"): "added",
    }  # fmt: skip
    assert families["tests"].tolist() == [3, 3, 3, 2, 2]
    for arm, other in (("a", "base"), ("b", "base"), ("b", "a")):
        before, after = (row(each, arm, other, "test_accuracy") for each in (paper, found))
        assert before["p_holm"] == after["p_holm"]
        assert before["seeds_needed"] == after["seeds_needed"]


def test_a_pair_with_few_seeds_still_counts_in_its_family() -> None:
    study = runs(MEANS, 10)
    for seed in range(3, 10):
        del study["b", seed]
    found = compare(config(), study, "base", SETS)
    assert set(found["tests"]) == {3}
    clear, few = (row(found, arm, "base", "test_accuracy") for arm in ("a", "b"))
    assert clear["p_holm"] == pytest.approx(3 * 2 / 1024)
    assert pd.isna(few["p"])
    assert few["verdict"] == "no verdict"


def test_verdicts_are_better_worse_and_equivalent() -> None:
    found = table(10)
    assert row(found, "a", "base", "test_accuracy")["verdict"] == "better"
    assert row(found, "b", "a", "test_accuracy")["verdict"] == "worse"
    assert row(found, "b", "base", "test_accuracy")["verdict"] == "equivalent"
    wide = compare(config(), runs(MEANS, 10, sd=0.2), "base", SETS)
    assert row(wide, "b", "base", "test_accuracy")["verdict"] == "inconclusive"


@pytest.mark.parametrize("seeds", [1, 3, 6])
def test_with_too_few_seeds_for_the_family_there_are_differences_and_no_verdict(
    seeds: int,
) -> None:
    found = compare(config(), runs(MEANS, seeds, sd=0.02), "base", SETS)
    assert set(found["verdict"]) == {"no verdict"}
    assert set(found["seeds_needed"]) == {7}  # 3 tests: 3 * 2 / 2**7 = 0.047
    assert found["p"].isna().all()
    assert found["p_holm"].isna().all()
    assert found["detectable"].isna().all()
    assert found["difference"].notna().all()
    assert found["low"].notna().all() == (seeds > 1)


def test_what_n_can_see_stands_beside_each_comparison() -> None:
    found = row(table(10), "a", "base", "test_accuracy")
    assert found["detectable"] == pytest.approx(found["sd"] * (detectable(10, 3) or 0))
    assert found["seeds_to_equal"] == seeds_to_equal(found["sd"], 0.005)
    assert found["seeds_to_find"] == 7
    # Both arms are right on the first images of the same thousand, to their accuracy.
    assert 0 < found["sd_images"] < found["sd"]
    validation = row(table(10), "a", "base", "validation_accuracy")
    assert pd.isna(validation["sd_images"])


def test_fewer_epochs_are_better() -> None:
    claims = {"faster": difference_claim(metric="epochs_to_half", expect="lower")}
    found = compare(config(claims), runs(MEANS, 10), "base", SETS)
    faster = row(found, "a", "base", "epochs_to_half")  # the only pair that a claim names in it
    assert (found["metric"] == "epochs_to_half").sum() == 1
    assert faster["difference"] < 0
    assert faster["improvement"] == 1.0
    assert faster["verdict"] == "better"
    slower = config({"slower": difference_claim(metric="epochs_to_half", arms=["b", "a"])})
    found = compare(slower, runs(MEANS, 10), "base", SETS)
    assert row(found, "b", "a", "epochs_to_half")["verdict"] == "worse"


def test_alike_epochs_are_inconclusive_since_they_have_no_margin() -> None:
    claims = {"faster": difference_claim(metric="epochs_to_half", arms=["b", "base"])}
    found = compare(config(claims), runs(MEANS, 10, sd=0), "base", SETS)
    assert row(found, "b", "base", "epochs_to_half")["verdict"] == "inconclusive"


def test_a_metric_that_no_run_has_has_no_rows() -> None:
    found = compare(config(), runs(MEANS, 3, test_accuracy=None), "base", SETS)
    assert set(found["metric"]) == {"validation_accuracy"}
    nothing = compare(config(pairs=()), runs(MEANS, 3), "base", SETS)
    assert nothing.empty
    assert list(nothing.columns) == list(COLUMNS)


def test_a_run_whose_partner_has_no_number_is_left_out_and_named() -> None:
    study = runs(MEANS, 3)
    for key in (("a", 1), ("base", 2)):
        study[key] = replace(study[key], judged={**study[key].judged, "test_accuracy": None})
    found = compare(config(), study, "base", SETS)
    both = row(found, "a", "base", "test_accuracy")
    assert both["seeds"] == 1
    assert both["unpaired"] == "a-2 base-1"
    assert row(found, "b", "base", "test_accuracy")["unpaired"] == "b-2"
    assert row(found, "b", "a", "test_accuracy")["unpaired"] == "b-1"


def test_an_arm_with_fewer_seeds_is_compared_over_them_and_the_others_over_theirs() -> None:
    """No run of the others lacks a partner for it; the family is as large as it was."""
    study, whole = runs(MEANS, 10), compare(config(), runs(MEANS, 10), "base", SETS)
    for seed in range(1, 10):
        del study["a", seed]
    found = compare(config(), study, "base", SETS)
    for arm, other in (("a", "base"), ("b", "a")):
        one = row(found, arm, other, "test_accuracy")
        assert (one["seeds"], one["verdict"]) == (1, "no verdict")
        assert one[["low", "sd", "p", "unpaired"]].isna().all()
        reached = [study[name, 0].judged["test_accuracy"] for name in (arm, other)]
        assert one["difference"] == reached[0] - reached[1]
    rest = row(found, "b", "base", "test_accuracy")
    before = row(whole, "b", "base", "test_accuracy")
    for key in rest.drop("p_holm").dropna().index:
        assert rest[key] == before[key], key
    assert (rest["tests"], rest["seeds"]) == (3, 10)
    assert rest["p_holm"] == pytest.approx(
        min(1, 3 * rest["p"])
    )  # an untested pair counts as if its p were 1


def test_a_run_without_the_metric_leaves_its_partner_alone() -> None:
    study = runs(MEANS, 3)
    claims = {"faster": difference_claim(metric="images_to_half", expect="lower")}
    slow = study["a", 0]
    flat = dict(slow.curves) | {"validation_accuracy": np.full(10, 0.3)}
    study["a", 0] = replace(slow, curves=flat)
    found = row(compare(config(claims), study, "base", SETS), "a", "base", "images_to_half")
    assert (found["seeds"], found["unpaired"]) == (2, "base-0")


def test_a_diverged_run_stays_in_and_is_named() -> None:
    study = runs(MEANS, 10)
    gone: Run = study["a", 4]
    ended = {"test_accuracy": 0.1, "validation_accuracy": 0.1}
    study["a", 4] = replace(gone, judged=dict(gone.judged) | ended)
    found = row(compare(config(), study, "base", SETS), "a", "base", "test_accuracy")
    assert found["diverged"] == "a-4"
    assert found["seeds"] == 10
    assert found["difference"] == pytest.approx(0.04 - 0.074, abs=0.005)
    assert found["improvement"] == 0.9


@pytest.mark.parametrize(("arms", "paper"), [(["a", "base"], 0.03), (["base", "a"], -0.03)])
def test_the_paper_s_difference_stands_beside_the_pair_either_way_round(
    arms: list[str], paper: float
) -> None:
    claims = {"claim": difference_claim(arms=arms, paper=0.03)}
    found = compare(config(claims), runs(MEANS, 2), "base", SETS)
    assert row(found, "a", "base", "validation_accuracy")["paper"] == paper
    assert found["paper"].notna().sum() == 1


# What depends on how many are tested beside it.
FAMILY = ("tests", "seeds_needed", "detectable", "seeds_to_find", "p_holm", "verdict")


def test_a_pair_s_numbers_stay_when_another_is_added() -> None:
    study = runs(MEANS, 10, sd=0.05)
    alone = compare(config(pairs=[("a", "base")]), study, "base", SETS)
    among = compare(config(), study, "base", SETS)
    kept = [column for column in COLUMNS if column not in FAMILY]
    first, second = (row(found, "a", "base", "test_accuracy")[kept] for found in (alone, among))
    assert first["improvement_low"] < first["improvement_high"]
    assert first.dropna().to_dict() == second.dropna().to_dict()


# --- the best of each group -------------------------------------------------------------------

GROUPS = [{"CNN": ["base", "a"], "VGG": ["b", "c"]}]


def test_the_best_of_each_group_are_compared_by_validation_accuracy() -> None:
    study = runs(MEANS, 3)
    asked = config(pairs=[("a", "base")], groups=GROUPS)
    assert best_pairs(asked, study, SETS) == [("b", "a")]
    found = compare(asked, study, "base", SETS)
    assert row(found, "b", "a", "test_accuracy")["group"] == "pairs"


def test_the_best_of_a_group_are_no_second_row_where_they_are_compared_already() -> None:
    asked = config(pairs=[("a", "base"), ("a", "b")], groups=GROUPS)
    assert pairs(asked, "test_accuracy", [("b", "a")]) == [("a", "base"), ("a", "b")]


def test_the_best_on_different_data_sets_are_no_pair() -> None:
    sets = SETS | {"b": "mnist", "c": "mnist"}
    assert best_pairs(config(groups=GROUPS), runs(MEANS, 1), sets) == []
