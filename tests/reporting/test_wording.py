"""Numbers, names and counts of seeds in words."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.reporting.wording import (
    counted,
    difference,
    fewer,
    level,
    listed,
    named_runs,
    of_study,
    p_value,
    percent,
    rounded,
    short_names,
    signed,
    signed_points,
)
from ablation.statistics.config import Metric
from ablation.study.config import StudyConfig

MINUS = "\N{MINUS SIGN}"
NAMES = {"base": "baseline", "adam": "Adam", "vgg": "VGG-16, raw"}


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (2.05, 1, "2.1"),  # in binary a little less
        (100 * (0.3735 - 0.871), 1, "-49.8"),  # likewise
        (100 * (0.83 - 0.8715), 1, "-4.2"),
        (0.25, 1, "0.3"),  # to an even number elsewhere
        (0.04, 1, "0.0"),
        (12.345, 2, "12.35"),
        (99.96, 1, "100.0"),
    ],
)
def test_halves_are_rounded_away_from_zero_however_they_were_computed(
    value: float, decimals: int, text: str
) -> None:
    assert rounded(value, decimals) == text


@given(st.integers(0, 4000), st.integers(0, 4000))
def test_a_difference_of_counts_is_told_alike_as_shares_and_as_points(one: int, other: int) -> None:
    told = signed_points(one / 4000 - other / 4000)
    assert told == signed_points((one - other) / 4000)
    assert told.lstrip(f"+{MINUS}") == rounded(abs(one - other) / 40)


def test_numbers_stand_in_their_unit_with_their_sign() -> None:
    assert percent(0.8312) == "83.1%"
    assert [signed_points(x) for x in (0.0123, -0.0123, -0.0001)] == ["+1.2", f"{MINUS}1.2", "0.0"]
    images = Metric(label="", take="images_to_level", of="running_accuracy", level=0.5)
    assert [signed(x, images) for x in (-12_000, 10)] == [f"{MINUS}12,000", "+10"]
    rise = Metric(label="", take="rise", of="validation_loss")
    assert difference(0.463, None, 0.5, rise) == f"+46% [{MINUS}∞, +50]"
    share = Metric(label="", take="final", of="test_accuracy")
    assert level(0.998, 0.98, 1.01, share) == "99.8% [98.0%, 100.0%]"
    assert [p_value(p) for p in (0.0123, 0.00099, None)] == ["0.012", "< 0.001", ""]
    assert [counted(1, "seed"), counted(25_000, "image")] == ["1 seed", "25,000 images"]


def test_names_stay_apart() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed(["VGG-16, raw", "b"]) == "VGG-16, raw; b"
    assert short_names(["a", "b"], {"a": "net (one)", "b": "other"}) == {"a": "net", "b": "other"}
    # What an arm is instead of what its label says is no detail.
    assert short_names(["a"], {"a": "baseline [rate: 2]"}) == {"a": "baseline [rate: 2]"}
    labels = {"a": "net (one)", "b": "net (two)"}
    assert short_names(["a", "b"], labels) == labels
    cells = pd.Series(["adam-4 vgg-0", None, "adam-4"])
    assert named_runs(cells, NAMES) == "Adam seed 4; VGG-16, raw seed 0"
    assert named_runs(["adam-4", "adam-20"], NAMES) == "Adam seeds 4 20"
    assert named_runs([], NAMES) == ""


def test_what_has_fewer_seeds_is_named() -> None:
    assert fewer({}) == fewer({"Adam": 3, "SGD": 3}) == ""
    assert fewer({"Adam": 10, "VGG": 1, "SGD": 3}) == "VGG: 1, SGD: 3"
    content: dict[str, Any] = {
        "seeds": [0, 1], "costly_seeds": [1], "arms": {"adam": "Adam", "vgg": "VGG"},
        "costly_arms": ["vgg"],
    }  # fmt: skip
    study = StudyConfig.model_construct(**content)
    assert of_study(study) == "2 seeds (VGG: 1)"
