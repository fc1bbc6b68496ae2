"""The table of comparisons: which pairs, what stands in a row, and when there is no verdict."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ablation.statistics.comparison import COLUMNS, best_pairs, compare, pairs
from ablation.statistics.run_metrics import Run
from tests.statistics.study_of_claims import config, difference_claim, runs

SETS = dict.fromkeys(("base", "a", "b", "c"), "modified")
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
        of_metric = found.loc[found["metric"] == metric, ["arm", "other", "family"]]
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
    assert found["improvement"] == found["improvement_low"] == found["improvement_high"] == 1.0
    assert found["diverged"] == 0
    assert found["verdict"] == "better"


def test_holm_corrects_over_the_arms_and_over_the_other_pairs_apart() -> None:
    found = table(10)
    smallest = 2 / 1024
    assert row(found, "a", "base", "test_accuracy")["p_holm"] == pytest.approx(2 * smallest)
    assert row(found, "b", "a", "test_accuracy")["p_holm"] == pytest.approx(smallest)


def test_verdicts_are_better_worse_and_equivalent() -> None:
    found = table(10)
    assert row(found, "a", "base", "test_accuracy")["verdict"] == "better"
    assert row(found, "b", "a", "test_accuracy")["verdict"] == "worse"
    assert row(found, "b", "base", "test_accuracy")["verdict"] == "equivalent"
    wide = compare(config(), runs(MEANS, 10, sd=0.2), "base", SETS)
    assert row(wide, "b", "base", "test_accuracy")["verdict"] == "inconclusive"


@pytest.mark.parametrize("seeds", [1, 3, 8])
def test_with_fewer_than_nine_seeds_there_are_differences_and_no_verdict(seeds: int) -> None:
    found = table(seeds)
    assert set(found["verdict"]) == {f"no verdict is possible at n = {seeds}"}
    assert found["p"].isna().all()
    assert found["p_holm"].isna().all()
    assert found["difference"].notna().all()
    assert found["low"].notna().all() == (seeds > 1)


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


def test_seeds_that_one_arm_lacks_are_left_out() -> None:
    study = runs(MEANS, 3)
    del study["a", 1]
    found = compare(config(), study, "base", SETS)
    assert row(found, "a", "base", "test_accuracy")["seeds"] == 2
    assert row(found, "b", "base", "test_accuracy")["seeds"] == 3


def test_a_diverged_run_stays_in_and_is_counted() -> None:
    study = runs(MEANS, 10)
    gone: Run = study["a", 4]
    study["a", 4] = replace(
        gone,
        judged=dict(gone.judged) | {"test_accuracy": 0.1},
        curves=dict(gone.curves) | {"train_loss": np.array([2.3, np.nan])},
    )
    found = row(compare(config(), study, "base", SETS), "a", "base", "test_accuracy")
    assert found["diverged"] == 1
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


def test_a_pair_s_numbers_stay_when_another_is_added() -> None:
    study = runs(MEANS, 10, sd=0.05)
    alone = compare(config(pairs=[("a", "base")]), study, "base", SETS)
    among = compare(config(), study, "base", SETS)
    kept = [column for column in COLUMNS if column not in ("p_holm", "verdict")]
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
    assert row(found, "b", "a", "test_accuracy")["family"] == "pairs"


def test_the_best_of_a_group_are_no_second_row_where_they_are_compared_already() -> None:
    asked = config(pairs=[("a", "base"), ("a", "b")], groups=GROUPS)
    assert pairs(asked, "test_accuracy", [("b", "a")]) == [("a", "base"), ("a", "b")]


def test_the_best_on_different_data_sets_are_no_pair() -> None:
    sets = SETS | {"b": "mnist", "c": "mnist"}
    assert best_pairs(config(groups=GROUPS), runs(MEANS, 1), sets) == []
