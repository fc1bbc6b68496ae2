"""The tables of figures, with answers worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ablation.reporting.config import BestFigure, CurvesFigure, ForestFigure, LadderFigure
from ablation.reporting.figure_tables import (
    best_table,
    curves_runs,
    curves_table,
    forest_table,
    label_table,
    ladder_runs,
    ladder_table,
)
from tests.statistics.study_of_claims import config

RUNS = pd.DataFrame(
    {"arm": ["base", "base", "a", "b"], "seed": [0, 1, 0, 0], "train_accuracy": 0.95,
     "validation_accuracy": [0.8, 0.84, 0.83, 0.28], "test_accuracy": [0.8, 0.8, 0.7, np.nan],
     "train_images": 400, "validation_images": 1000, "test_images": [50, 50, 50, np.nan],
     "majority": [0.27, 0.27, 0.27, 0.11], "stuck": [False, False, False, True]}
)  # fmt: skip
COMPARED = pd.DataFrame(
    [{"question": "heads", "arm": arm, "other": "base", "metric": f"{part}_accuracy"}
     for arm in ("a", "b") for part in ("validation", "test")]
)  # fmt: skip
CURVES = CurvesFigure(kind="curves", title="t", paper="p", arms=["base", "b"], last=None)


def test_curves_are_those_of_the_figure_s_arms_beside_the_majority_class() -> None:
    curves = pd.DataFrame({"arm": ["a", "base", "b"], "seed": 0, "epoch": 1, "value": 0.5})
    found = curves_table(CURVES, curves, RUNS)
    assert found[["arm", "majority_share", "stuck"]].to_numpy().tolist() == [
        ["base", 0.27, False],
        ["b", 0.11, True],
    ]


def test_runs_of_curves_end_on_all_their_images_and_say_what_is_stuck() -> None:
    found = curves_runs(CURVES, RUNS, config())
    assert list(found["validation_accuracy"]) == [0.8, 0.84, 0.28]
    assert list(found["stuck"]) == [False, False, True]
    assert set(found["measured_validation"]) == {200}


def test_the_best_of_a_group_is_chosen_on_validation_and_shown_on_every_part() -> None:
    groups = {"CNN": ["base", "a"], "VGG": ["b"]}
    figure = BestFigure(kind="best", title="t", paper="p", groups=groups, theirs={})
    found = best_table(figure, RUNS)
    assert set(found.loc[found["chosen"], "arm"]) == {"a", "b"}
    assert list(found.loc[found["arm"] == "a", "part"]) == ["training", "validation", "test"]
    assert list(found.loc[found["arm"] == "b", "part"]) == ["training", "validation"]


def test_the_forest_has_the_metrics_of_the_figure_in_its_order() -> None:
    metrics = ["test_accuracy", "validation_accuracy"]
    figure = ForestFigure(kind="forest", title="t", paper="p", metrics=metrics)
    found = forest_table(figure, COMPARED, config())
    assert list(found["metric"].unique()) == metrics
    assert list(found["label"].unique()) == ["test accuracy", "validation accuracy"]
    assert set(found["title"]) == {"Heads"}
    assert set(found["margin"]) == {0.005}


def test_labels_are_counted_by_part_beside_what_is_expected() -> None:
    parts = {("mnist", "combined"): np.arange(10), ("modified", "training"): np.array([9, 9, 2])}
    found = label_table(parts, digits=3).set_index(["data_set", "label"])
    assert found.loc[("modified", 9), "count"] == 2
    assert found.loc[("modified", 9), "density"] == pytest.approx(2 / 3)
    assert found.loc[("modified", 9), "expected"] == pytest.approx(1 - 0.9**3)
    assert found.loc[("mnist", 3), "expected"] == pytest.approx(0.1)


def test_a_ladder_has_each_claimed_difference_once_where_two_studies_have_it() -> None:
    said = {"section": "1", "regimes": [], "paper": None}
    difference = said | {
        "kind": "difference", "expect": "higher", "metric": "validation_accuracy"
    }  # fmt: skip
    level = {"kind": "level", "arms": ["a"], "expect": "at_least", "paper": 0.955,
             "levels": {"validation_accuracy": 0.9}}  # fmt: skip
    claims = {
        "a_above": difference | {"sentence": "a", "arms": ["a", "base"]},
        "again": difference | {"sentence": "b", "arms": ["base", "a"]},
        "alone": difference | {"sentence": "c", "arms": ["b", "base"]},
        "reached": said | level | {"sentence": "d"},
    }
    runs = pd.DataFrame(
        [("now", arm, seed, images, reached + seed / 100)
         for arm, images, reached in (("base", 40, 0.9), ("a", 24, 0.93), ("b", 40, 0.8))
         for seed in range(3)]
        + [("then", arm, seed, 8, 0.8) for arm in ("base", "a") for seed in range(3)],
        columns=["study", "arm", "seed", "images", "validation_accuracy"],
    )  # fmt: skip
    found = ladder_table(config(claims), runs)
    assert found[["claim", "study", "images", "n"]].to_numpy().tolist() == [
        ["a_above", "then", 8, 3], ["a_above", "now", 40, 3]
    ]  # fmt: skip
    assert list(found["difference"]) == pytest.approx([0, 0.03])
    figure = LadderFigure(kind="ladder", title="t", paper="p", arms=["a"])
    shown = ladder_runs(figure, config(claims), runs)
    assert shown[["study", "arm", "paper"]].drop_duplicates().to_numpy().tolist() == [
        ["now", "a", 0.955], ["then", "a", 0.955]
    ]  # fmt: skip
