"""Captions: every number comes from the table, and what n cannot say is said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from ablation.reporting.captions import caption
from ablation.reporting.config import FigureConfig
from ablation.reporting.words import (
    counted,
    listed,
    no_verdict,
    percent,
    points,
    rounded,
    runs_by_arm,
    short_names,
    signed_points,
)
from tests.reporting.figures.tables import (
    LABELS,
    architectures_table,
    best_table,
    density_table,
    samples,
    write,
)

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"


def figure(kind: str, **content: Any) -> Any:
    base = {"kind": kind, "title": "A title", "paper": "figure 0"}
    return TypeAdapter(FigureConfig).validate_python(base | content)


def test_label_density_tells_common_and_rare_labels(tmp_path: Path) -> None:
    table = density_table()
    text = caption(figure("label_density"), {}, write(tmp_path, table))
    combined = table[(table["data_set"] == "modified") & (table["part"] == "combined")]
    assert "the 20,000 training images, the 4,996 validation images" in text
    assert f"Label 9 is the commonest ({percent(combined['density'].max())})" in text
    assert f"label 0 the rarest ({combined['density'].min() * 100:.2f}%)" in text
    assert "largest deviation from them is 0.39 points (label 7)" in text


def test_architectures_tell_layers_parameters_and_frozen_ones(tmp_path: Path) -> None:
    declared = figure("architectures", arms=["vgg_augmented", "head_512_32"])
    table = architectures_table()
    text = caption(declared, LABELS, write(tmp_path, table))
    total = table[table["arm"] == "vgg_augmented"]["parameters"].sum()
    assert (
        "VGG-16, augmented: 30 layers (13 convolutions, 3 dense layers, 5 pooling layers), "
        f"{total:,} parameters, of which 38,720 are frozen" in text
    )
    assert "Dense 512 and 32: 40 layers" in text
    assert "84.8%, is in dense_1." in text


def test_augmentation_tells_images_sizes_and_what_the_threshold_leaves(tmp_path: Path) -> None:
    declared = figure("augmentation", arms=["vgg_augmented"])
    arrays = samples()
    text = caption(declared, LABELS, write(tmp_path, arrays))
    kept = percent(np.mean(arrays["step_thresholded"] > 0))
    assert "Images number 9666 (label 9), 12019 (label 7) and 22488 (label 4)" in text
    assert f"Thresholding leaves {kept} of the pixels (the darkest has 0.98)" in text
    assert "from 72 by 72 px to 80 by 80 px" in text
    fewer = caption(declared, LABELS, write(tmp_path, samples(("raw", "scaled"))))
    assert "Thresholding" not in fewer
    assert "Padding" not in fewer


GROUPS = {"CNN": ["baseline", "adam"], "VGG-16": ["vgg_raw", "vgg_augmented"]}


def test_comparison_tells_the_chosen_arms_and_who_leads_where(tmp_path: Path) -> None:
    table = best_table(1)
    table.loc[table["arm"] == "adam", "accuracy"] = [0.95, 0.90, 0.90]
    table.loc[table["arm"] == "vgg_augmented", "accuracy"] = [0.94, 0.93, 0.90]
    text = caption(figure("best", groups=GROUPS), LABELS, write(tmp_path, table))
    assert "CNN: Adam (training 95.0%, validation 90.0%, test 90.0%)" in text
    assert "CNN is highest on training (by 1.0 points)." in text
    assert "VGG-16 is highest on validation (by 3.0 points)." in text
    assert "are level on test." in text
    assert f"95% Wilson intervals over the 2,500{DASH}5,000 images" in text
    assert "nothing about how another seed would come out" in text
    assert "With n = 1 seed no verdict is possible" in text


def test_comparison_of_several_seeds_names_its_interval(tmp_path: Path) -> None:
    folder = write(tmp_path, best_table(3))
    text = caption(figure("best", groups=GROUPS), LABELS, folder)
    assert "means of 3 seeds" in text
    assert "95% t intervals over the seeds" in text
    assert "Wilson" not in text


def test_comparison_without_test_labels_tells_the_rest(tmp_path: Path) -> None:
    table = best_table(1)
    folder = write(tmp_path, table[table["part"] != "test"])
    text = caption(figure("best", groups=GROUPS), LABELS, folder)
    assert ", test " not in text


def test_captions_need_no_plotting_library() -> None:
    code = (
        "import sys; from ablation.reporting import captions; "
        "import ablation.reporting.captions.curves, ablation.reporting.captions.best; "
        "assert not {'matplotlib', 'keras', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (["a, raw", "b"], "a, raw; and b"),
    ],
)
def test_listed(items: list[str], expected: str) -> None:
    assert listed(items) == expected


def test_numbers_in_words() -> None:
    assert percent(0.8312) == "83.1%"
    assert points(-0.012) == "1.2 points"
    assert signed_points(0.0123) == "+1.2"
    assert signed_points(-0.0123) == f"{MINUS}1.2"
    assert signed_points(-0.0001) == "0.0"


@given(st.integers(0, 4000), st.integers(0, 4000))
def test_a_difference_of_counts_is_told_alike_as_shares_and_as_points(one: int, other: int) -> None:
    told = signed_points(one / 4000 - other / 4000)
    assert told == signed_points((one - other) / 4000)
    assert told.lstrip(f"+{MINUS}") == rounded(abs(one - other) / 40)
    assert counted(1, "seed") == "1 seed"
    assert counted(25_000, "image") == "25,000 images"


def test_short_names_stay_apart() -> None:
    assert short_names(["a", "b"], {"a": "net (one)", "b": "other"}) == {"a": "net", "b": "other"}
    labels = {"a": "net (one)", "b": "net (two)"}
    assert short_names(["a", "b"], labels) == labels


@given(st.integers(1, 50), st.integers(1, 50))
def test_a_verdict_is_ruled_out_below_the_seeds_it_takes_alone(seeds: int, needed: int) -> None:
    assert bool(no_verdict(seeds, 15, needed)) == (seeds < needed)


def test_too_few_seeds_are_told_with_the_family_s_size_and_what_it_takes() -> None:
    assert no_verdict(3, 15, 10).endswith("a family of 15 tests takes 10.")


def test_runs_are_named_by_arm_and_seed() -> None:
    runs = ["sgd-4", "sgd-1", "head_512_32-0", "sgd-4"]
    assert runs_by_arm(runs, LABELS) == "SGD (seeds 1 and 4) and dense 512 and 32 (seed 0)"
    assert runs_by_arm([], LABELS) == ""
