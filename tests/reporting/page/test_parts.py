"""The few numbers that the page computes itself, worked out by hand."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ablation.reporting.marks import difference_mark, level_mark
from ablation.reporting.page import errors, pictures, provenance, tables
from ablation.reporting.page.data import checked, number, used
from ablation.study.config import StudyConfig
from tests.reporting.page.conftest import RECORD

CONTENT: dict[str, Any] = {
    "scale": "laptop", "seeds": [0, 1], "costly_seeds": [1], "baseline": "base",
    "costly_arms": ["vgg"], "arms": {"base": "baseline", "vgg": "VGG-16, raw"},
}  # fmt: skip
STUDY = StudyConfig.model_construct(**CONTENT)
RECORDS = {
    "base-0": RECORD, "base-1": RECORD | {"seconds": 150.0}, "vgg-1": RECORD | {"threads": 4}
}  # fmt: skip


def test_a_mark_has_0_in_the_middle_and_says_where_it_leaves_the_axis() -> None:
    mark = difference_mark(0.01, -0.01, 0.03, "points")
    assert (mark.at, mark.low, mark.value, mark.high, mark.beyond) == (50, 40, 60, 80, ())
    far = difference_mark(0.4, 0.3, 0.5, "points")
    assert (far.low, far.value, far.high, far.beyond) == (97, None, 97, ("right",))
    assert difference_mark(-0.3, None, None, "points").beyond == ("left",)
    assert difference_mark(0.01, None, 0.02, "points").beyond == ("left",)  # no end on that side
    seen = difference_mark(-30_000, -40_000, -20_000, "images")  # an axis of its own
    assert (seen.low, seen.beyond) == (3, ())
    assert level_mark(0.5, None, None, 0.95).at == 95


def test_pictures_are_inside_the_page_and_greys_have_one_channel(tmp_path: Path) -> None:
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8)
    for pixels, mode in (
        (np.stack([grey] * 3, 2), "L"),
        (np.stack([grey, grey.T, grey], 2), "RGB"),
    ):
        Image.fromarray(pixels).save(tmp_path / "a.png")
        head, _, content = pictures.embedded_png(tmp_path / "a.png").partition(",")
        assert head == "data:image/png;base64"
        with Image.open(io.BytesIO(base64.b64decode(content))) as image:
            assert image.mode == mode
            np.testing.assert_array_equal(np.asarray(image.convert("RGB")), pixels)
    (tmp_path / "a.svg").write_text("<?xml?><svg><title>T</title><g/></svg>", encoding="utf-8")
    _, _, content = pictures.embedded_svg(tmp_path / "a.svg", "1 < 2").partition(",")
    assert base64.b64decode(content) == b"<svg><title>T</title><desc>1 &lt; 2</desc><g/></svg>"


def test_pace_is_the_mean_over_an_arm_s_runs_and_core_hours_count_threads() -> None:
    paced = tables.with_pace({"base": {}, "vgg": {}}, STUDY, RECORDS)
    assert paced["base"] == {"images_per_second": 900.0, "minutes": 2.0}
    assert provenance.core_hours(STUDY, RECORDS) == {
        "base": (2, pytest.approx(240 * 2 / 3600)), "vgg": (1, pytest.approx(0.1))
    }  # fmt: skip


def test_the_command_names_the_commit_only_where_all_runs_are_of_one() -> None:
    command = provenance.command(STUDY, RECORDS)
    made = 'make exp SET="scale=laptop seeds=[0,1] costly_seeds=[1]"'
    assert command == f"git checkout 0123456789ab\n{made}"
    assert provenance.command(STUDY, RECORDS | {"vgg-1": RECORD | {"clean": False}}) == made


def row(**changes: Any) -> dict[str, Any]:
    return {
        "subject": "water", "what": "mean", "origin": "sample", "measured": 76.0, "ours": 76.4,
        "allowed": [75.0, 77.0], "tolerance": "±1", "note": "", "pass": True,
    } | changes  # fmt: skip


def test_the_measure_nearest_to_its_limit_is_named_and_unjudged_images_stand_apart() -> None:
    percentiles = row(
        what="percentiles", measured=[39.0, 136.0], ours=[39.0, 124.0],
        allowed=[[24.0, 54.0], [121.0, 151.0]],
    )  # fmt: skip
    assert used(row()) == pytest.approx(0.4)
    assert used(percentiles) == pytest.approx(12 / 15)
    why = "canvas 64, not 128"
    own = row(origin="made", note=f"from 4 to 28; {why}", allowed=None, **{"pass": None})
    found = checked({"rows": [row(), percentiles, own], "reason": why})
    assert found["tested"] == 2
    assert found["closest"][1]["what"] == "percentiles"
    assert [each["note"] for each in found["unjudged"]["water"]] == ["from 4 to 28"]
    assert [number(x) for x in (None, 76.42, 1234.5, [39.0, 136.0])] == [
        "\N{EN DASH}", "76.4", "1,234", "39/136"
    ]  # fmt: skip


def test_the_weakest_group_is_one_of_many_images() -> None:
    rows = pd.DataFrame(
        {"group": [0, 1, 2], "images": [3, 50, 60], "accuracy": [0.0, 0.7, 0.9], "arm": "a"}
    )
    found = errors.extremes(rows, ["0", "1", "2"])
    assert found == [("1", 0.7, 50), ("2", 0.9, 60)]
    assert errors.extremes(rows[:2], ["0", "1"]) == []
