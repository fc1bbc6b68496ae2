"""Captions of curves: accuracies, order, plateau, last rise, and what n cannot say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ablation.reporting.captions import caption
from ablation.reporting.captions.curves import curve, majority_shares
from ablation.reporting.config import CurvesFigure
from tests.reporting.figures.tables import LABELS, curves_table, write

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


def test_curves_tell_final_accuracies_and_gaps(tmp_path: Path) -> None:
    text = curves_caption(ONE_SEED, tmp_path)
    assert (
        "After epoch 3 training and validation accuracy are 90.0% and 80.0% (gap +10.0 points) for "
        "baseline (SGD Nesterov, dropout, dense 512); 95.0% and 83.1% (gap +11.9 points) for Adam; "
        "25.0% and 25.0% (gap 0.0 points) for SGD." in text
    )


def test_curves_tell_who_is_highest_and_lowest_and_by_how_much(tmp_path: Path) -> None:
    text = curves_caption(ONE_SEED, tmp_path)
    assert "Adam ends 3.1 points above baseline; SGD is lowest, 58.1 points below Adam." in text


def test_curves_tell_when_the_plateau_was_left_and_plainly_who_stayed(tmp_path: Path) -> None:
    text = curves_caption(ONE_SEED, tmp_path)
    assert "for every validation image would score 25.0%" in text
    assert (
        "first stood more than 5.0 points above that plateau in epoch 2 for baseline and in "
        "epoch 1 for Adam." in text
    )
    assert "SGD is still on that plateau after epoch 3" in text
    assert "Adam is still" not in text


def test_an_arm_that_fell_back_or_below_the_plateau_is_told_so(tmp_path: Path) -> None:
    text = curves_caption(
        {
            "adam": [([0.5, 0.25], [0.5, 0.25])],
            "sgd": [([0.1, 0.1], [0.1, 0.05])],
        },
        tmp_path,
    )
    assert "Adam is again on that plateau after epoch 2" in text
    assert "After epoch 2 SGD stands 20.0 points below even that." in text


def test_curves_tell_the_change_over_the_last_epochs(tmp_path: Path) -> None:
    text = curves_caption(ONE_SEED, tmp_path, last=0.3)
    assert (
        "Over the last of 3 epochs validation accuracy still rose by 30.0 points for baseline "
        "and by 13.1 points for Adam; it fell by 1.0 points for SGD." in text
    )
    assert "Left: all epochs; right: the last epoch." in text


def test_one_seed_allows_no_verdict_and_says_n(tmp_path: Path) -> None:
    text = curves_caption(ONE_SEED, tmp_path)
    assert "one run an arm (n = 1 seed)" in text
    assert "With n = 1 seed no verdict is possible" in text


def test_several_seeds_are_means_with_their_range_and_epochs(tmp_path: Path) -> None:
    runs: Runs = {
        "baseline": [([0.5, 0.7], [0.4, 0.6]), ([0.3, 0.9], [0.26, 0.8])],
        "adam": [([0.5, 0.7], [0.4, 0.6]), ([0.25, 0.25], [0.25, 0.25])],
    }
    text = curves_caption(runs, tmp_path)
    assert "bands run from the lowest to the highest of 2 seeds" in text
    assert "80.0% and 70.0% (gap +10.0 points) for baseline" in text
    assert f"in epochs 1{DASH}2 for baseline and in epoch 1 with 1 of 2 seeds for Adam" in text
    assert "Adam is still on that plateau after epoch 2 with 1 of 2 seeds" in text
    assert "With n = 2 seeds no verdict is possible" in text


def test_nine_seeds_leave_the_verdict_to_the_tests(tmp_path: Path) -> None:
    runs: Runs = {arm: [([0.9], [0.8])] * 9 for arm in ("baseline", "adam")}
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


def test_missing_epochs_are_passed_over(tmp_path: Path) -> None:
    table = curves_table(["adam"], 2, 12)
    full = curve(table, "adam", 1 / 6)
    lacking = table[~((table["epoch"] == 10) & (table["seed"] == 0))]
    found = curve(lacking, "adam", 1 / 6)
    assert full.rise is not None
    assert found.rise is None
    assert found.accuracy == full.accuracy


def test_an_arm_without_validation_accuracy_is_named(tmp_path: Path) -> None:
    table = table_of({"adam": [([0.9], [])]})
    with pytest.raises(ValueError, match="no validation_accuracy of the arm adam"):
        caption(figure(["adam"]), LABELS, write(tmp_path, table))
