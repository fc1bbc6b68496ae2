"""The table of comparisons: which pairs, what stands in a row, and when there is no verdict."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ablation.statistics.comparison import COLUMNS, compare
from tests.statistics.study_of_claims import ARMS, config, difference_claim, facts, runs

SETS = dict.fromkeys(ARMS, "modified")
MEANS = {"base": 0.80, "a": 0.84, "b": 0.80, "c": 0.7}


def table(seeds: int = 10, **changes: float) -> pd.DataFrame:
    return compare(config(), runs(MEANS, seeds, **changes), "base", SETS)


def row(found: pd.DataFrame, arm: str, other: str, metric: str = "test_accuracy") -> pd.Series:
    rows = found[(found["arm"] == arm) & (found["other"] == other) & (found["metric"] == metric)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_every_pair_stands_in_the_table_once_for_each_metric_of_the_study() -> None:
    found = table()
    assert list(found.columns) == COLUMNS
    for _, of_metric in found.groupby("metric"):
        assert of_metric[["arm", "other", "group"]].to_numpy().tolist() == [
            ["a", "base", "baseline"], ["b", "base", "baseline"], ["b", "a", "pairs"],
        ]  # fmt: skip
    assert set(found["metric"]) == {"validation_accuracy", "test_accuracy"}
    assert compare(config(pairs=()), runs(MEANS, 3), "base", SETS).empty


def test_a_row_says_what_scipy_says_of_the_differences() -> None:
    study = runs(MEANS, 10)
    found = row(compare(config(), study, "base", SETS), "a", "base")
    first, second = (
        np.array([run.judged["test_accuracy"] for run in study[arm].values()])
        for arm in ("a", "base")
    )
    t = stats.ttest_rel(first, second)
    assert (found["seeds"], found["tests"]) == (10, 3)
    assert found["difference"] == pytest.approx(np.mean(first - second))
    interval, narrow = t.confidence_interval(0.95), t.confidence_interval(0.90)
    assert (found["low"], found["high"]) == pytest.approx((interval.low, interval.high))
    assert (found["low_90"], found["high_90"]) == pytest.approx((narrow.low, narrow.high))
    assert found["sd"] == pytest.approx(np.std(first - second, ddof=1))
    assert (found["p"], found["p_holm"]) == pytest.approx((2 / 1024, 3 * 2 / 1024))
    assert found["improvement"] == found["improvement_high"] == 1.0
    assert found["seeds_to_find"] == 7
    # Both arms are right on the first images of the same thousand, to their accuracy.
    assert 0 < found["sd_images"] < found["sd"]
    assert found[["diverged", "unpaired", "paper"]].isna().all()


def test_verdicts_are_better_worse_equivalent_and_inconclusive() -> None:
    found = table()
    pairs = (("a", "base"), ("b", "a"), ("b", "base"))
    assert [row(found, *pair)["verdict"] for pair in pairs] == ["better", "worse", "equivalent"]
    assert row(table(sd=0.05), "b", "base")["verdict"] == "inconclusive"


@pytest.mark.parametrize("seeds", [1, 3, 6])
def test_with_too_few_seeds_for_the_family_there_are_differences_and_no_verdict(
    seeds: int,
) -> None:
    found = table(seeds, sd=0.02)
    assert set(found["verdict"]) == {"no verdict"}
    assert set(found["seeds_needed"]) == {7}  # 3 tests: 3 * 2 / 2**7 = 0.047
    assert found[["p", "p_holm", "detectable"]].isna().all(axis=None)
    assert found["difference"].notna().all()
    assert found["low"].notna().all() == (seeds > 1)


def test_what_somebody_adds_is_a_family_of_its_own_and_changes_nothing_of_the_paper_s() -> None:
    arms = {arm: facts(family="added" if arm == "c" else "paper") for arm in ARMS}
    pairs = [("a", "base"), ("b", "base"), ("b", "a"), ("c", "base"), ("c", "a")]
    found = compare(config(pairs=pairs, arms=arms), runs(MEANS, 10), "base", SETS)
    families = found[found["metric"] == "test_accuracy"]
    assert list(families["family"]) == ["paper"] * 3 + ["added"] * 2
    assert list(families["tests"]) == [3, 3, 3, 2, 2]
    paper = found[found["family"] == "paper"].reset_index(drop=True)
    pd.testing.assert_frame_equal(paper, table())


def test_an_arm_with_fewer_seeds_is_compared_over_them_and_still_counts_in_its_family() -> None:
    study = runs(MEANS, 10)
    for seed in range(1, 10):
        del study["a"][seed]
    found = compare(config(), study, "base", SETS)
    few, rest = row(found, "a", "base"), row(found, "b", "base")
    assert (few["seeds"], few["verdict"]) == (1, "no verdict")
    assert few[["low", "sd", "p", "unpaired"]].isna().all()
    assert (rest["tests"], rest["seeds"]) == (3, 10)
    assert rest["p_holm"] == pytest.approx(min(1, 3 * rest["p"]))  # as if the others' p were 1


def test_fewer_epochs_are_better_and_only_pairs_that_claims_name_are_compared_in_them() -> None:
    claims = {"faster": difference_claim(metric="epochs_to_half", expect="lower")}
    found = compare(config(claims), runs(MEANS, 10), "base", SETS)
    assert (found["metric"] == "epochs_to_half").sum() == 1
    faster = row(found, "a", "base", "epochs_to_half")
    assert faster["difference"] < 0
    assert (faster["improvement"], faster["verdict"]) == (1.0, "better")
    alike = compare(config(claims), runs(MEANS | {"a": 0.8}, 10, sd=0), "base", SETS)
    # Epochs have no margin of equivalence.
    assert row(alike, "a", "base", "epochs_to_half")["verdict"] == "inconclusive"


def test_a_run_whose_partner_has_no_number_is_left_out_and_named() -> None:
    study = runs(MEANS, 3)
    for arm, seed in (("a", 1), ("base", 2)):
        run = study[arm][seed]
        study[arm][seed] = replace(run, judged={**run.judged, "test_accuracy": np.nan})
    found = compare(config(), study, "base", SETS)
    both = row(found, "a", "base")
    assert (both["seeds"], both["unpaired"]) == (1, "a-2 base-1")
    assert row(found, "b", "a")["unpaired"] == "b-1"
    assert set(table(3, test_accuracy=np.nan)["metric"]) == {"validation_accuracy"}


def test_a_diverged_run_stays_in_and_is_named() -> None:
    study = runs(MEANS, 10)
    ended = {**study["a"][4].judged, "test_accuracy": 0.1, "validation_accuracy": 0.1}
    study["a"][4] = replace(study["a"][4], judged=ended)
    found = row(compare(config(), study, "base", SETS), "a", "base")
    assert (found["diverged"], found["seeds"], found["improvement"]) == ("a-4", 10, 0.9)
    assert found["difference"] == pytest.approx(0.04 - 0.074, abs=0.005)


@pytest.mark.parametrize(("arms", "paper"), [(["a", "base"], 0.03), (["base", "a"], -0.03)])
def test_the_paper_s_difference_stands_beside_the_pair_either_way_round(
    arms: list[str], paper: float
) -> None:
    claims = {"claim": difference_claim(arms=arms, paper=0.03)}
    found = compare(config(claims), runs(MEANS, 2), "base", SETS)
    assert row(found, "a", "base", "validation_accuracy")["paper"] == paper
    assert found["paper"].notna().sum() == 1


def test_the_best_of_each_group_are_compared_once_and_on_one_data_set() -> None:
    groups = [{"CNN": ["base", "a"], "VGG": ["b", "c"]}]
    for pairs, sets, expected in (
        ([("a", "base")], SETS, [("a", "base"), ("b", "a")]),
        ([("a", "base"), ("a", "b")], SETS, [("a", "base"), ("a", "b")]),
        ([("a", "base")], SETS | {"b": "mnist", "c": "mnist"}, [("a", "base")]),
    ):
        found = compare(config(pairs=pairs, groups=groups), runs(MEANS, 3), "base", sets)
        tested = found[found["metric"] == "test_accuracy"]
        assert list(zip(tested["arm"], tested["other"], strict=True)) == expected
