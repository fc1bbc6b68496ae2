"""Captions of curves: accuracies, order, plateau, last rise, and what n cannot say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ablation.reporting.captions import caption
from ablation.reporting.captions.curves import majority_shares
from ablation.reporting.config import CurvesFigure
from tests.reporting.figures.tables import LABELS, runs_of, write

DASH = "\N{EN DASH}"
Runs = dict[str, list[tuple[list[float], list[float]]]]


def figure(arms: list[str], last: float | None = None) -> CurvesFigure:
    return CurvesFigure(kind="curves", title="A title", paper="figure 0", arms=arms, last=last)


def table_of(runs: Runs, majority: float = 0.25) -> pd.DataFrame:
    """A table from arm -> for each seed (training, validation) accuracies over epochs."""
    rows = []
    for arm, seeds in runs.items():
        for seed, (training, validation) in enumerate(seeds):
            for metric, values in (
                ("train_accuracy", training),
                ("validation_accuracy", validation),
            ):
                for epoch, value in enumerate(values, start=1):
                    rows.append((arm, seed, epoch, metric, value, majority))
    columns = ["arm", "seed", "epoch", "metric", "value", "majority_share"]
    return pd.DataFrame(rows, columns=columns)


def curves_caption(runs: Runs, folder: Path, last: float | None = None, **changes: Any) -> str:
    declared = figure(list(runs), last)
    return caption(declared, LABELS, write(folder, table_of(runs, **changes)))


ONE_SEED: Runs = {
    "baseline": [([0.3, 0.6, 0.9], [0.27, 0.5, 0.8])],
    "adam": [([0.5, 0.8, 0.95], [0.4, 0.7, 0.831])],
    "sgd": [([0.25, 0.25, 0.25], [0.25, 0.26, 0.25])],
}


def test_the_ends_are_told_with_their_gaps(tmp_path: Path) -> None:
    text = curves_caption(ONE_SEED, tmp_path)
    assert (
        "On all their images after 3 epochs training and validation accuracy are 90.0% and 80.0% "
        "(gap +10.0 points) for baseline (SGD Nesterov, dropout, dense 512); 95.0% and 83.1% (gap "
        "+11.9 points) for Adam; 25.0% and 25.0% (gap 0.0 points) for SGD." in text
    )


def test_numbers_are_the_runs_final_measures_whatever_the_curves_end_with(tmp_path: Path) -> None:
    """On 2,000 images the baseline ends 1.5 points above SGD, on all 6,000 it is 0.3 below."""
    table = table_of({"baseline": [([0.9], [0.865])], "sgd": [([0.9], [0.850])]})
    final = {"baseline": 0.853, "sgd": 0.856}
    runs = runs_of(table).assign(train_accuracy=0.93)
    runs["validation_accuracy"] = runs["arm"].map(final)
    text = caption(figure(["baseline", "sgd"]), LABELS, write(tmp_path, table, runs))
    assert "On validation images SGD ends 0.3 points above baseline." in text
    assert "93.0% and 85.3% (gap +7.7 points) for baseline" in text
    assert "86.5%" not in text
    assert "1.5 points" not in text


def test_a_curve_says_how_many_images_it_is_measured_on(tmp_path: Path) -> None:
    assert (
        "Accuracy after each epoch on 2,000 training images (dashed) and 2,000 validation images "
        "(solid)" in curves_caption(ONE_SEED, tmp_path)
    )
    table = table_of(ONE_SEED)
    runs = runs_of(table)
    runs.loc[runs["arm"] == "adam", "measured_validation"] = 500
    text = caption(figure(list(ONE_SEED)), LABELS, write(tmp_path, table, runs))
    assert f"2,000 training images (dashed) and 500{DASH}2,000 validation images" in text


def test_curves_tell_who_is_highest_and_lowest_and_by_how_much(tmp_path: Path) -> None:
    text = curves_caption(ONE_SEED, tmp_path)
    assert "Adam ends 3.1 points above baseline; SGD is lowest, 58.1 points below Adam." in text


def test_curves_tell_when_the_plateau_was_left_and_plainly_who_stayed(tmp_path: Path) -> None:
    text = curves_caption(ONE_SEED, tmp_path)
    assert "for every validation image would score 25.0%" in text
    # Of 2,000 images 27% are more than 25% for certain, and 26% are not.
    assert (
        "a curve first stood above that for certain in epoch 1 for baseline and in epoch 1 for "
        "Adam." in text
    )
    assert "SGD ends no better than that: such a network has learnt nothing" in text
    assert "Adam ends no better" not in text


def test_two_panels_are_told(tmp_path: Path) -> None:
    text = curves_caption(ONE_SEED, tmp_path, last=0.3)
    assert "Left: all epochs; right: the last epoch." in text


def test_one_seed_allows_no_verdict_and_says_what_it_takes(tmp_path: Path) -> None:
    text = curves_caption(ONE_SEED, tmp_path)
    assert "one run an arm (n = 1 seed)" in text
    assert "With n = 1 seed no verdict is possible" in text
    assert "a family of 15 tests takes 10." in text


def test_several_seeds_are_means_with_their_range_and_epochs(tmp_path: Path) -> None:
    runs: Runs = {
        "baseline": [([0.5, 0.7], [0.4, 0.6]), ([0.3, 0.9], [0.26, 0.8])],
        "adam": [([0.5, 0.7], [0.4, 0.6]), ([0.25, 0.25], [0.25, 0.25])],
    }
    text = curves_caption(runs, tmp_path)
    assert "bands run from the lowest to the highest of 2 seeds" in text
    assert "80.0% and 70.0% (gap +10.0 points) for baseline" in text
    assert f"in epochs 1{DASH}2 for baseline and in epoch 1 with 1 of 2 seeds for Adam" in text
    assert "Adam ends no better than that with 1 of 2 seeds" in text
    assert "With n = 2 seeds no verdict is possible" in text


def test_enough_seeds_leave_the_verdict_to_the_tests(tmp_path: Path) -> None:
    runs: Runs = {arm: [([0.9], [0.8])] * 10 for arm in ("baseline", "adam")}
    text = curves_caption(runs, tmp_path)
    assert "verdict" not in text
    assert "baseline and Adam end level to 0.1 points" in text


def test_data_sets_with_other_majorities_are_told_apart(tmp_path: Path) -> None:
    table = table_of({"adam": [([0.9], [0.9])], "sgd": [([0.25], [0.25])]})
    table.loc[table["arm"] == "adam", "majority_share"] = 0.11
    write(tmp_path, table)
    text = caption(figure(["adam", "sgd"]), LABELS, tmp_path)
    assert "would score 11.0% (Adam) and 25.0% (SGD)" in text
    assert majority_shares(tmp_path) == pytest.approx({"adam": 0.11, "sgd": 0.25})


def test_a_caption_of_one_arm_compares_nothing(tmp_path: Path) -> None:
    text = curves_caption({"adam": [([0.9], [0.8])]}, tmp_path)
    assert "verdict" not in text
    assert "above baseline" not in text


def test_an_arm_without_validation_accuracy_is_named(tmp_path: Path) -> None:
    table = table_of({"adam": [([0.9], [])]})
    with pytest.raises(ValueError, match="no validation_accuracy of the arm adam"):
        caption(figure(["adam"]), LABELS, write(tmp_path, table))
