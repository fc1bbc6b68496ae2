"""From runs to metrics and tables, with answers worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ablation.reporting import summary
from ablation.reporting.config import (
    ArchitecturesFigure,
    BestFigure,
    CurvesFigure,
    ForestFigure,
)
from tests.statistics.study_of_claims import config, facts


def history(validation: list[float]) -> pd.DataFrame:
    rows = [
        {"epoch": epoch, "metric": metric, "value": value}
        for metric, values in (
            ("validation_accuracy", validation),
            ("train_accuracy", [1.0] * len(validation)),
        )
        for epoch, value in enumerate(values, start=1)
    ]
    return pd.DataFrame(rows[::-1])  # as a file might hold them: in any order


JUDGED = {
    "train_accuracy": 0.9,
    "validation_accuracy": 0.7,
    "test_accuracy": 0.6,
    "test_macro_f1": 0.5,
    "train_images": 400.0,
    "validation_images": 50.0,
    "test_images": 100.0,
    "external_accuracy": 0.55,
    "external_images": 84.0,
    "external_low": 0.44,
    "external_high": 0.65,
}


def test_a_run_s_metrics() -> None:
    arm = facts(epochs=12, steady_epochs=12)
    row = summary.run_row(history([0.1] * 9 + [0.2, 0.6, 0.8]), JUDGED, arm, 5678)
    assert list(row) == list(summary.METRICS)
    assert row == {
        "train_accuracy": 0.9,
        "validation_accuracy": 0.7,
        "test_accuracy": 0.6,
        "train_images": 400.0,
        "validation_images": 50.0,
        "test_images": 100.0,
        "test_macro_f1": 0.5,
        "external_accuracy": 0.55,
        "external_images": 84.0,
        "external_low": 0.44,
        "external_high": 0.65,
        "generalization_gap": pytest.approx(0.2),
        "epochs_to_95": 12,
        "stability": pytest.approx(0.1),  # changes of 0.4 and 0.2, at least three epochs
        "parameters": 5678,
    }


def test_what_nobody_measured_is_none() -> None:
    judged = {key: JUDGED[key] for key in ("train_accuracy", "validation_accuracy")}
    row = summary.run_row(history([0.5]), judged, facts(), 1)
    assert row["stability"] is None
    assert row["test_accuracy"] is None
    assert row["external_accuracy"] is None
    assert row["epochs_to_95"] == 1


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_run_that_ended_in_no_number_converged_in_no_epoch(loss: float) -> None:
    """Its answers are all label 0 then, and whatever that scores is a plateau at its best."""
    curve = history([0.3, 0.1, 0.1])
    lost = pd.DataFrame([{"epoch": 3, "metric": "validation_loss", "value": loss}])
    arm = facts(epochs=3, steady_epochs=3)
    row = summary.run_row(pd.concat([lost, curve]), JUDGED, arm, 1)
    assert row["epochs_to_95"] is None
    assert row["stability"] is None
    assert summary.run_row(curve, JUDGED, arm, 1)["epochs_to_95"] == 1


def runs(**columns: Any) -> pd.DataFrame:
    rows = pd.DataFrame(columns)
    return rows.assign(**{m: math.nan for m in summary.METRICS if m not in rows})


def test_metrics_by_arm_are_means_over_seeds_in_the_order_of_arms() -> None:
    table = runs(
        arm=["z", "z", "a", "a"],
        seed=[0, 1, 0, 1],
        validation_accuracy=[0.2, 0.4, 0.5, 1.0],
        parameters=[10, 10, 20, 20],
    )
    means = summary.by_arm(table)
    assert list(means) == ["z", "a"]
    assert means == {
        "z": {"validation_accuracy": 0.3, "parameters": 10.0},
        "a": {"validation_accuracy": 0.75, "parameters": 20.0},
    }


def test_what_no_run_measured_is_absent_from_the_metrics() -> None:
    """A study of two epochs has no stability, in no run."""
    rows = [
        {"arm": arm, "seed": seed, **summary.run_row(history([0.2, 0.6]), JUDGED, facts(), 1)}
        for arm in "ab"
        for seed in (0, 1)
    ]
    means = summary.by_arm(pd.DataFrame(rows))
    for arm in "ab":
        assert "stability" not in means[arm]
        assert set(means[arm]) == set(summary.METRICS) - {"stability", *summary.IMAGES}
        assert means[arm]["test_accuracy"] == 0.6


def test_the_headline_is_each_arm_s_accuracy_on_test_and_validation() -> None:
    means = {
        "z": {"train_accuracy": 0.9, "validation_accuracy": 0.3, "test_accuracy": 0.4},
        "a": {"validation_accuracy": 0.75, "parameters": 20.0},  # test images without labels
    }
    assert summary.headline(means) == {
        "z": {"test_accuracy": 0.4, "validation_accuracy": 0.3},
        "a": {"validation_accuracy": 0.75},
    }


def test_the_best_arm_has_the_highest_mean_validation_accuracy() -> None:
    table = runs(
        arm=["a", "a", "b", "b", "c"],
        seed=[0, 1, 0, 1, 0],
        validation_accuracy=[0.9, 0.1, 0.6, 0.6, 0.95],
        test_accuracy=[1.0, 1.0, 0.0, 0.0, 0.0],
    )
    assert summary.best_arm(table, ["a", "b"]) == "b"
    assert summary.best_arm(table, ["a", "b", "c"]) == "c"


def test_a_tie_goes_to_the_first_named() -> None:
    table = runs(arm=["a", "b"], seed=[0, 0], validation_accuracy=[0.5, 0.5])
    assert summary.best_arm(table, ["a", "b"]) == "a"
    assert summary.best_arm(table, ["b", "a"]) == "b"


def test_the_curves_of_a_figure_are_its_arms_and_the_plotted_metrics() -> None:
    figure = CurvesFigure(title="t", paper="p", kind="curves", arms=["a", "c"], last=None)
    curves = pd.DataFrame(
        [
            {"arm": arm, "seed": 0, "epoch": 1, "metric": metric, "value": 0.5}
            for arm in "abc"
            for metric in (*summary.CURVES, "penalty", "running_loss")
        ]
    )
    table = summary.curves_table(figure, curves, {"a": 0.2, "b": 0.3, "c": 0.4})
    assert set(table["arm"]) == {"a", "c"}
    assert len(table) == 2 * len(summary.CURVES)
    assert set(table["metric"]) == set(summary.CURVES)
    assert set(zip(table["arm"], table["majority_share"], strict=True)) == {("a", 0.2), ("c", 0.4)}


COMPARED = pd.DataFrame(
    [
        {"arm": "b", "other": "a", "metric": "validation_accuracy", "tests": 4, "seeds_needed": 8},
        {
            "arm": "c",
            "other": "b",
            "metric": "validation_accuracy",
            "tests": 15,
            "seeds_needed": 10,
        },
        {"arm": "b", "other": "a", "metric": "test_accuracy", "tests": 99, "seeds_needed": 12},
    ]
)


def test_beside_curves_stands_how_each_run_ended_on_all_its_images() -> None:
    figure = CurvesFigure(title="t", paper="p", kind="curves", arms=["b", "a"], last=None)
    table = runs(
        arm=["a", "a", "b", "c"],
        seed=[0, 1, 0, 0],
        train_accuracy=[0.9, 0.95, 0.3, 1.0],
        validation_accuracy=[0.8, 0.85, 0.28, 1.0],
    )
    found = summary.curves_runs(figure, table, {"a": 0.27, "b": 0.27}, COMPARED, config())
    assert found["arm"].tolist() == ["a", "a", "b"]
    assert found["validation_accuracy"].tolist() == [0.8, 0.85, 0.28]
    assert found["on_plateau"].tolist() == [False, False, True]  # of 1,000 images
    assert set(found["measured_validation"]) == {200}
    assert set(found["epochs"]) == {10}
    assert (found["tests"] == 4).all()
    assert (found["seeds_needed"] == 8).all()


def test_the_majority_share_is_that_of_the_commonest_label() -> None:
    assert summary.majority_share(np.array([9, 1, 9, 0], np.uint8)) == 0.5
    assert summary.majority_share(np.array([3], np.uint8)) == 1.0


def test_the_layers_of_a_figure_are_its_arms_in_order() -> None:
    figure = ArchitecturesFigure(title="t", paper="p", kind="architectures", arms=["b", "a"])
    layers = {
        arm: pd.DataFrame({"layer": [f"{arm}1", f"{arm}2"], "parameters": [1, 2]}) for arm in "abc"
    }
    table = summary.architectures_table(figure, layers)
    assert list(table.columns) == ["arm", "layer", "parameters"]
    assert table["layer"].tolist() == ["b1", "b2", "a1", "a2"]
    assert table["arm"].tolist() == ["b", "b", "a", "a"]


def test_the_comparison_names_each_group_s_best_arm() -> None:
    figure = BestFigure(title="t", paper="p", kind="best", groups={"CNN": ["a", "b"], "VGG": ["c"]})
    table = summary.best_table(
        figure,
        runs(
            arm=["a", "b", "b", "c", "unused"],
            seed=[0, 0, 1, 0, 0],
            train_accuracy=[1.0, 0.8, 0.8, 0.9, 1.0],
            validation_accuracy=[0.6, 0.5, 0.8, 0.7, 1.0],
            test_accuracy=[0.5, 0.4, 0.6, math.nan, 1.0],
            train_images=80,
            validation_images=20,
            test_images=[7, 7, 7, math.nan, 7],
        ),
        COMPARED,
    )
    assert list(table.columns) == [
        "group", "arm", "seed", "part", "accuracy", "images", "chosen", "tests", "seeds_needed"
    ]  # fmt: skip
    assert set(table["tests"]) == {15}  # of the pair of chosen arms, b and c
    assert set(table.loc[table["chosen"], "arm"]) == {"b", "c"}
    assert len(table) == 4 * 3 - 1  # c has no test accuracy
    row = table[(table["arm"] == "b") & (table["seed"] == 1) & (table["part"] == "test")]
    assert row[["group", "accuracy", "images"]].values.tolist() == [["CNN", 0.6, 7]]
    assert "unused" not in set(table["arm"])


def test_a_forest_has_the_rows_of_its_metrics_in_its_order() -> None:
    figure = ForestFigure(
        title="t", paper="p", kind="forest", metrics=["validation_accuracy", "epochs_to_half"]
    )
    comparisons = pd.DataFrame(
        {"metric": ["test_accuracy", "epochs_to_half", "validation_accuracy"], "arm": list("abc")}
    )
    table = summary.forest_table(figure, comparisons, config())
    assert table["arm"].tolist() == ["c", "b"]
    assert table["label"].tolist() == ["validation accuracy", "epochs to 50%"]
    assert table["unit"].tolist() == ["points", "epochs"]
    assert table["margin"].iloc[0] == 0.005
    assert math.isnan(table["margin"].iloc[1])


def label_parts() -> dict[tuple[str, str], np.ndarray]:
    return {
        ("modified", "training"): np.array([9, 9, 9, 0], np.uint8),
        ("mnist", "combined"): np.array([0, 0, 1, 9], np.uint8),
    }


def test_labels_are_counted() -> None:
    table = summary.label_table(label_parts(), 3).set_index(["data_set", "part", "label"])
    assert len(table) == 20
    assert table.loc[("modified", "training", 9), "count"] == 3
    assert table.loc[("modified", "training", 9), "density"] == 0.75
    assert table.loc[("modified", "training", 5), "count"] == 0
    assert table.loc[("mnist", "combined", 0), "density"] == 0.5


def test_the_expected_density_is_that_of_the_maximum_of_the_digits() -> None:
    table = summary.label_table(label_parts(), 3).set_index(["data_set", "label"])["expected"]
    # At 1/2 zeros and 1/4 ones: all three zero 1/8, at most one (3/4)^3, the rest nine.
    assert table["modified", 0] == pytest.approx(1 / 8)
    assert table["modified", 1] == pytest.approx((3 / 4) ** 3 - 1 / 8)
    assert table["modified", 9] == pytest.approx(1 - (3 / 4) ** 3)
    assert table["modified", 4] == 0.0
    assert table["mnist", 0] == 0.5


def test_expected_densities_agree_with_drawing() -> None:
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 10, 5000).astype(np.uint8)
    drawn = rng.choice(classes, (200_000, 3)).max(axis=1).astype(np.uint8)
    parts = {("modified", "test"): drawn, ("mnist", "combined"): classes}
    table = summary.label_table(parts, 3)
    ours = table[table["data_set"] == "modified"]
    assert np.abs(ours["density"] - ours["expected"]).max() < 0.005
    for _, part in table.groupby("data_set"):
        assert part["expected"].sum() == pytest.approx(1.0)
