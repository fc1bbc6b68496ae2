"""Captions and their facts: every number comes from the table, and what n cannot say is said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from ablation.reporting import captions as module
from ablation.reporting.config import FigureConfig
from ablation.reporting.page.page import caption
from ablation.reporting.wording import percent
from tests.reporting.figures.tables import (
    LABELS,
    architectures_table,
    best_table,
    curves_table,
    density_table,
    forest_table,
    runs_of,
    samples,
    with_one_seed,
    write,
)

DASH = "\N{EN DASH}"
GROUPS = {"CNN": ["baseline", "adam"], "VGG-16": ["vgg_raw", "vgg_augmented"]}
AUGMENTATION = {"arms": ["vgg_augmented"], "images": [1, 2, 3]}
METRICS = ["validation_accuracy", "test_accuracy"]


def told(kind: str, folder: Path, table: Any, runs: Any = None, **content: Any) -> tuple[str, str]:
    """(caption, alternative text) of a figure of this kind drawn from the table."""
    base = {"kind": kind, "title": "A title", "paper": "figure 0"} | content
    figure: Any = TypeAdapter(FigureConfig).validate_python(base)
    return caption(figure, module.facts(figure, LABELS, write(folder, table, runs)))


def curves(
    folder: Path, ends: dict[str, list[tuple[float, float]]], measured: int = 2000
) -> tuple[str, str]:
    """Of arm -> (training, validation) of each seed, whatever the curves end with."""
    table = curves_table(list(ends), max(map(len, ends.values())))
    runs = runs_of(table)
    for arm, seeds in ends.items():
        rows = runs["arm"] == arm
        runs.loc[rows, ["train_accuracy", "validation_accuracy"]] = seeds
        runs.loc[rows, "on_plateau"] = [validation <= 0.271 for _, validation in seeds]
    runs.loc[runs["arm"] == "adam", "measured_validation"] = measured
    return told("curves", folder, table, runs, arms=list(ends), last=None)


ONE = {"baseline": [(0.9, 0.8)], "adam": [(0.95, 0.831)], "sgd": [(0.25, 0.25)]}


def test_curves_are_told_by_the_runs_final_accuracies_in_order(tmp_path: Path) -> None:
    text, alt = curves(tmp_path, ONE, measured=500)
    assert text.startswith(
        "On validation images Adam ends highest (83.1%), then baseline (80.0%) and SGD lowest "
        "(25.0%): 58.1 points apart. One run an arm (n = 1); each point is measured on 2,000 "
        f"training and 500{DASH}2,000 validation images"
    )
    assert "SGD ends no better than naming the commonest label (27.1%): it has learnt" in text
    assert text.endswith("No verdict is possible: a family of 15 tests takes 10 seeds.")
    assert "15 epochs" in alt
    assert "baseline 90.0% and 80.0%; Adam 95.0% and 83.1%" in alt


def test_curves_of_several_seeds_are_means_and_name_the_stuck_ones(tmp_path: Path) -> None:
    text, _ = curves(
        tmp_path, {"baseline": [(0.7, 0.6), (0.9, 0.8)], "sgd": [(0.4, 0.4), (0.2, 0.2)]}
    )
    assert "baseline ends highest (70.0%) and SGD lowest (30.0%): 40.0 points apart" in text
    assert "means of 2 seeds, too few for a band;" in text
    assert "SGD ends no better than naming the commonest label (27.1%) with 1 of 2 seeds" in text


def test_enough_seeds_leave_the_verdict_to_the_tests_and_one_arm_compares_nothing(
    tmp_path: Path,
) -> None:
    text, _ = curves(tmp_path / "a", {arm: [(0.9, 0.8)] * 10 for arm in ("baseline", "adam")})
    assert "verdict" not in text
    text, _ = curves(tmp_path / "b", {"adam": [(0.9, 0.8)]})
    assert text.startswith("Adam ends at 80.0% on validation images and 90.0% on training images.")
    assert "verdict" not in text


def test_an_arm_without_a_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no run of the arm sgd"):
        told("curves", tmp_path, curves_table(["adam"], 1), arms=["adam", "sgd"], last=None)


def test_best_says_of_how_many_each_was_chosen_and_what_its_bars_are(tmp_path: Path) -> None:
    text, alt = told("best", tmp_path / "one", best_table(1), groups=GROUPS)
    table = best_table(1)
    test = table[(table["arm"] == "adam") & (table["part"] == "test")]["accuracy"].iloc[0]
    assert (
        f"CNN is shown by Adam, the best of 2 by validation accuracy (test {percent(test)})" in text
    )
    assert f"95% Wilson intervals over the 2,500{DASH}5,000 images" in text
    assert "nothing of another seed" in text
    assert "VGG-16, augmented” :" not in alt
    several, _ = told("best", tmp_path / "more", best_table(3), groups=GROUPS)
    assert "means of 3 seeds" in several
    assert "Wilson" not in several
    without = table[table["part"] != "test"]
    text, alt = told("best", tmp_path / "none", without, groups=GROUPS)
    assert "(validation " in text
    assert "test" not in alt


def test_a_forest_tells_verdicts_where_there_are_any_and_the_furthest_where_not(
    tmp_path: Path,
) -> None:
    few, alt = told("forest", tmp_path / "few", forest_table(3), metrics=METRICS)
    assert "“VGG-16, augmented” (+" in few
    assert "stand furthest from baseline" in few
    assert "No verdict is possible: a family of 15 tests takes 10 seeds." in few
    assert "Rows that reach beyond 10 points stand below, on a wider axis." in few
    assert "Diamonds are the paper's own" in few
    assert "Validation accuracy against baseline" in alt
    many, _ = told("forest", tmp_path / "many", forest_table(10), metrics=METRICS)
    assert "In validation accuracy “VGG-16, augmented” is better, " in many
    assert "of 5 arms inconclusive." in many
    assert "No verdict" not in many
    table = forest_table(1).assign(paper=None)
    close = table[~table["arm"].str.startswith("vgg")]
    one, _ = told("forest", tmp_path / "one", close, metrics=METRICS)
    assert "difference of two runs with one seed (n = 1)" in one
    assert "interval" not in one
    assert "Diamonds" not in one
    assert "beyond" not in one
    stuck = forest_table(10).assign(diverged="adam-3 adam-4")
    text, _ = told("forest", tmp_path / "stuck", stuck, metrics=METRICS)
    assert "No better than naming the commonest label ended Adam (seeds 3 and 4)" in text


def test_an_arm_of_fewer_seeds_is_named_and_the_others_have_their_verdicts(tmp_path: Path) -> None:
    two = "VGG-16, augmented"
    table = with_one_seed(forest_table(10), "vgg_augmented")
    text, _ = told("forest", tmp_path / "forest", table, metrics=METRICS)
    assert "In validation accuracy" in text
    assert "inconclusive" in text
    assert f"mean of 10 differences (“{two}”: 1) paired by seed" in text
    assert text.endswith(f"No verdict is possible on “{two}”: a family of 15 tests takes 10 seeds.")

    table = with_one_seed(best_table(10), "vgg_augmented")
    text, _ = told("best", tmp_path / "best", table, groups=GROUPS)
    assert f"Large marks are means of 10 seeds (“{two}”: 1), small ones the seeds" in text
    assert "with one seed Wilson intervals over its images." in text
    assert f"No verdict is possible on “{two}”: a family" in text

    ends = {"baseline": [(0.9, 0.8)] * 10, "adam": [(0.95, 0.83)] * 10}
    table = with_one_seed(curves_table(list(ends), 10), "adam")
    text, _ = told("curves", tmp_path / "curves", table, arms=list(ends), last=None)
    assert "Lines are means of 10 seeds (Adam: 1), bands 95% t intervals of the mean;" in text
    assert "No verdict is possible on Adam: a family" in text


def test_label_density_tells_common_and_rare_labels(tmp_path: Path) -> None:
    table = density_table()
    text, alt = told("label_density", tmp_path, table)
    combined = table[(table["data_set"] == "modified") & (table["part"] == "combined")]["density"]
    assert f"9 is the commonest ({percent(combined.max())}) and 0 the rarest" in text
    assert "at most 0.39 points from" in text
    assert "of 20,000 training images and 4,996 validation images; the two parts" in text
    assert percent(combined.max()) in alt
    lacking = table[table["part"] != "validation"]
    with pytest.raises(ValueError, match="no part validation"):
        told("label_density", tmp_path, lacking)


def test_architectures_tell_layers_parameters_and_frozen_ones(tmp_path: Path) -> None:
    table = architectures_table()
    text, alt = told("architectures", tmp_path, table, arms=["vgg_augmented", "head_512_32"])
    total = table[table["arm"] == "vgg_augmented"]["parameters"].sum()
    assert f"13 convolutions, 3 dense layers, 5 pooling layers and {total:,} parameters" in text
    assert "84.8% of them in dense_1." in text
    assert "38,720 are frozen" in text
    assert "dense 512 and 32, 40 layers" in alt
    with pytest.raises(ValueError, match="no layers of the arm adam"):
        told("architectures", tmp_path, table, arms=["adam"])


def test_augmentation_tells_images_sizes_and_what_the_threshold_keeps(tmp_path: Path) -> None:
    arrays = samples()
    text, alt = told("augmentation", tmp_path / "all", arrays, **AUGMENTATION)
    kept = percent(np.mean(arrays["step_thresholded"] > 0))
    assert "Images 9666 (label 9), 12019 (label 7), 22488 (label 4)" in text
    assert f"Thresholding keeps {kept} of the pixels. Padded images are 80 by 80 px." in text
    assert "raw, scaled, thresholded and padded" in alt
    fewer, _ = told("augmentation", tmp_path / "few", samples(("raw",)), **AUGMENTATION)
    assert "hresholding" not in fewer
    assert "added" not in fewer


def test_majority_shares_are_each_arm_s_own(tmp_path: Path) -> None:
    table = curves_table(["adam", "sgd"], 1)
    table.loc[table["arm"] == "adam", "majority_share"] = 0.11
    found = module.majority_shares(write(tmp_path, table))
    assert found == pytest.approx({"adam": 0.11, "sgd": 0.271})


def test_captions_need_no_plotting_library() -> None:
    code = (
        "import sys; import ablation.reporting.captions, ablation.reporting.page.page; "
        "assert not {'matplotlib', 'keras', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
