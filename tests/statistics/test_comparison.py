"""The table of comparisons: which pairs, what stands in a row, and what is found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ablation.statistics.comparison import COLUMNS, compare, pair
from ablation.statistics.ranks import holm, mann_whitney, shift, shift_interval, welch
from tests.statistics.study_of_claims import (
    HEADS,
    config,
    difference_claim,
    none_higher_claim,
    runs,
    with_values,
)

MEANS = {"base": 0.80, "a": 0.84, "b": 0.80, "c": 0.7}
ADDED = {"heads": HEADS, "added_c": {"title": "c", "figure": None, "pairs": [["c", "base"]]}}


def row(found: pd.DataFrame, arm: str, other: str, metric: str = "test_accuracy") -> pd.Series:
    rows = found[(found["arm"] == arm) & (found["other"] == other) & (found["metric"] == metric)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_the_questions_pairs_are_compared_in_the_study_s_metrics_and_nothing_else() -> None:
    found = compare(config(), runs(MEANS))
    assert list(found.columns) == COLUMNS
    assert set(found["metric"]) == {"validation_accuracy", "test_accuracy"}
    for _, of_metric in found.groupby("metric"):
        assert of_metric[["arm", "other"]].to_numpy().tolist() == HEADS["pairs"]


@pytest.mark.parametrize(
    "claim",
    [
        difference_claim(arms=["base", "a"], metric="convergence", expect="lower"),
        none_higher_claim(metric="training_accuracy"),
    ],
)
def test_a_question_that_a_claim_asks_in_a_metric_is_asked_of_all_its_pairs(claim: dict) -> None:
    found = compare(config({"claim": claim}, ADDED), runs(MEANS))
    of_metric = found[found["metric"] == claim["metric"]]
    assert of_metric[["arm", "other"]].to_numpy().tolist() == HEADS["pairs"]
    assert set(of_metric["tests"]) == {3}


def test_a_row_is_what_the_tests_say_of_the_runs() -> None:
    table = runs(MEANS)
    found = compare(config(), table)
    first, second, third = (
        table.loc[table["arm"] == arm, "test_accuracy"].to_numpy() for arm in ("a", "base", "b")
    )
    a = row(found, "a", "base")
    assert a["difference"] == pytest.approx(shift(first, second))
    assert (a["low"], a["high"]) == pytest.approx(tuple(shift_interval(first, second)))
    assert (a["low_90"], a["high_90"]) == pytest.approx(tuple(shift_interval(first, second, 0.9)))
    assert (a["p"], a["n"], a["n_other"]) == (mann_whitney(first, second), 10, 10)
    corrected = holm([mann_whitney(first, second), mann_whitney(third, second),
                      mann_whitney(third, first)])  # fmt: skip
    heads = found[found["metric"] == "test_accuracy"]
    assert list(heads["p_holm"]) == pytest.approx(corrected)
    assert list(heads["welch_p"]) == pytest.approx(
        holm([welch(first, second).p, welch(third, second).p, welch(third, first).p])
    )
    assert (a["above"], a["other_above"]) == (10, 0)
    assert found[["stuck", "paper"]].isna().all(axis=None)


def test_what_is_found_is_higher_lower_equal_or_open() -> None:
    found = compare(config(), runs(MEANS, sd=0.002))
    pairs = (("a", "base"), ("b", "a"), ("b", "base"))
    assert [row(found, *pair)["found"] for pair in pairs] == ["higher", "lower", "equal"]
    wide = compare(config(), runs(MEANS, sd=0.05))
    assert row(wide, "b", "base")["found"] == "open"
    one = compare(config(), runs(MEANS, seeds=1))
    assert set(one["found"]) == {"open"}
    assert np.isinf(one["low"]).all()


def test_what_somebody_adds_costs_the_others_nothing() -> None:
    found = compare(config(questions=ADDED), runs(MEANS))
    assert set(found.loc[found["question"] == "added_c", "tests"]) == {1}
    heads = found[found["question"] == "heads"].reset_index(drop=True)
    pd.testing.assert_frame_equal(heads, compare(config(), runs(MEANS)))


def test_arms_of_other_numbers_of_runs_are_compared_and_those_without_the_metric_are_not() -> None:
    table = runs(MEANS)
    table = table[(table["arm"] != "a") | (table["seed"] < 25)]
    few = row(compare(config(), table), "a", "base")
    assert (few["n"], few["n_other"], few["found"]) == (5, 10, "higher")
    without = compare(config(), table.assign(test_accuracy=np.nan))
    assert set(without["metric"]) == {"validation_accuracy"}


def test_a_stuck_run_stays_in_and_is_named_and_one_that_never_arrives_is_the_slowest() -> None:
    claims = {"slower": difference_claim(metric="convergence")}
    table = with_values(runs(MEANS), "a", "convergence", [np.inf, np.inf])
    table = with_values(table, "a", "stuck", [True])
    found = row(compare(config(claims), table), "a", "base", "convergence")
    assert (found["stuck"], found["n"], found["above"]) == ("a-20", 10, 2)
    assert np.isfinite(found["difference"])
    assert np.isnan(found["welch_p"])


def test_a_pair_without_welch_s_p_counts_among_the_tests_of_its_question() -> None:
    claims = {"slower": difference_claim(metric="convergence")}
    table = with_values(runs(MEANS | {"a": 0.803}), "b", "convergence", [np.inf])
    first, second = (
        table.loc[table["arm"] == arm, "convergence"].to_numpy() for arm in ("a", "base")
    )
    found = compare(config(claims), table)
    alone = welch(first, second).p
    assert 0.01 < alone < 0.3
    assert row(found, "a", "base", "convergence")["welch_p"] == pytest.approx(3 * alone)


@pytest.mark.parametrize(("arms", "paper"), [(["a", "base"], 0.03), (["base", "a"], -0.03)])
def test_the_paper_s_difference_stands_beside_the_pair_either_way_round(
    arms: list[str], paper: float
) -> None:
    claims = {"claim": difference_claim(arms=arms, paper=0.03)}
    found = compare(config(claims), runs(MEANS))
    assert row(found, "a", "base", "validation_accuracy")["paper"] == paper
    assert found["paper"].notna().sum() == 1
    wrong = config(claims, not_applicable={"claim": "a is another"})
    assert compare(wrong, runs(MEANS))["paper"].isna().all()


def test_a_comparison_may_be_read_the_other_way_round() -> None:
    turned = {**HEADS, "pairs": [[other, arm] for arm, other in HEADS["pairs"]]}
    there, back = (compare(config(questions={"heads": q}), runs(MEANS)) for q in (HEADS, turned))
    for arm, other in turned["pairs"]:
        expected = dict(row(back, arm, other))
        assert pair(there, "test_accuracy", arm, other) == pytest.approx(expected, nan_ok=True)
    assert pair(there, "test_accuracy", "a", "c") is None
