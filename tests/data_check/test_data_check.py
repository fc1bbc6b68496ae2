"""Composed images against the measurements: what is judged, what fails, and how it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from ablation.base.files import read_config
from ablation.composition import backgrounds
from ablation.composition.backgrounds import pictures
from ablation.composition.compose import Composition, compose
from ablation.composition.digits import Digits
from ablation.composition.placement import geometry
from ablation.data_check import check
from ablation.data_check.check import MADE, Images
from ablation.data_check.config import Measured
from ablation.data_check.tolerance import Row, as_json, complaint
from ablation.study.resolution import Resolved

MEASURED = read_config(
    Path(__file__).resolve().parents[2] / "ablation/data_check/measured.yaml", Measured
)
NAMES = ["rings", "water"]  # the fastest to draw


def outlines() -> Digits:
    """Hollow boxes of two strokes, as wide and high as digits are."""
    images = np.zeros((10, 28, 28), np.uint8)
    images[:, 6:22, 9:19] = 255
    images[:, 8:20, 11:17] = 0
    return Digits(images, np.arange(10, dtype=np.uint8))


def composed(count: int = 160) -> Composition:
    sources = pictures(NAMES, 1)
    return compose(outlines(), count, geometry(MEASURED.layout), sources, ("test", 3))


@pytest.fixture(scope="module")
def made() -> Images:
    images = composed()
    return Images(MADE, 28, NAMES, images.images, images.families, images.corners)


def of(rows: list[Row], subject: str, what: str) -> Row:
    (row,) = [row for row in rows if row.subject == subject and row.what.startswith(what)]
    return row


def test_the_measurements_are_complete() -> None:
    assert tuple(MEASURED.families) == backgrounds.families()
    assert sum(MEASURED.labels) == 50_000
    for family in MEASURED.families.values():
        assert family.image_means[0] <= family.mean <= family.image_means[1]
        assert sorted(family.percentiles) == family.percentiles


def test_a_table_that_does_not_fit_is_refused() -> None:
    table = MEASURED.model_dump()
    table["percents"] = [50]
    with pytest.raises(ValidationError, match=r"plate\.percentiles has 7 values for 1 percents"):
        Measured.model_validate(table)


def test_the_generator_s_own_images_pass(made: Images) -> None:
    rows = check.background_rows(made, MEASURED)
    assert [row.subject for row in rows] == ["rings"] * 5 + ["water"] * 5
    assert complaint(rows) == ""
    judged = [row for row in rows if row.passed is not None]
    assert len(judged) == 8
    for row in judged:
        assert row.measured is not None
        assert row.allowed is not None
        assert len(row.measured) == len(row.ours) == len(row.allowed)


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda images: images // 2, "mean"),
        (lambda images: images // 2 + 38, "standard deviation"),
        (lambda images: np.where(images < 50, 0, images), "percentiles"),
        (lambda images: np.moveaxis(images, 1, 2), "half-lengths"),
    ],
)
def test_a_changed_picture_leaves_its_tolerance(
    made: Images, spoil: Callable[[NDArray[np.uint8]], NDArray[np.uint8]], what: str
) -> None:
    spoilt = replace(made, images=spoil(made.images), corners=np.zeros((160, 0, 2), np.int16))
    rows = check.background_rows(spoilt, MEASURED)
    assert of(rows, "water", what).passed is False
    assert of(rows, "rings", "smallest").passed is None


def test_a_mean_is_held_to_the_range_of_image_means_too(made: Images) -> None:
    # Water's is 76 and its images lie in 75 to 77: 4 levels more are inside 8 and outside these.
    rows = check.background_rows(replace(made, images=made.images + 4), MEASURED)
    row = of(rows, "water", "mean")
    assert row.allowed == ((75, 77),)
    assert row.passed is False


def test_what_is_not_to_be_judged_is_reported_with_the_reason(made: Images) -> None:
    rows = check.background_rows(made, MEASURED, "canvas 64, not 128")
    rows += check.digit_rows(made, MEASURED, "canvas 64, not 128")
    assert {row.passed for row in rows} == {None}
    assert of(rows, "water", "mean").note == "canvas 64, not 128"
    assert "canvas 64, not 128" in of(rows, "digits", "width").note
    assert complaint(rows) == ""


def test_a_family_that_nobody_measured_is_not_judged(made: Images) -> None:
    rows = check.background_rows(replace(made, names=["rings", "lava"]), MEASURED)
    assert of(rows, "lava", "mean").passed is None
    assert of(rows, "lava", "mean").note == "nothing was measured of it"


def test_digits_are_judged_by_their_medians(made: Images) -> None:
    rows = check.digit_rows(made, MEASURED)
    width = of(rows, "digits", "width")
    assert width.allowed == ((pytest.approx(18 * 0.85), pytest.approx(18 * 1.15)),)
    assert 10 < width.ours[0] < 28
    assert "measured 4 to 28" in width.note
    # Two of seven families: the share of bright backgrounds is another.
    assert of(rows, "digits", "pixels of 255").passed is None
    blank = replace(made, images=np.zeros_like(made.images))
    assert [row.what for row in check.digit_rows(blank, MEASURED)] == [
        "pixels of 255 in an image, median"
    ]


def test_larger_digits_are_found_out(made: Images) -> None:
    images = made.images.copy()
    for image, places in zip(images, made.corners, strict=True):
        for top, left in places:
            image[top : top + 28, left : left + 28] = 255
    rows = check.digit_rows(replace(made, images=images), MEASURED)
    assert of(rows, "digits", "width").passed is False
    assert of(rows, "digits", "height").passed is False


def test_one_tile_out_of_place_is_enough(made: Images) -> None:
    assert complaint(check.tile_rows(made.corners, 28, 128)) == ""
    corners = made.corners.copy()
    corners[7, 0] = corners[7, 1] + 27
    assert of(check.tile_rows(corners, 28, 300), "tiles", "pairs").ours == (1,)
    corners[7, 0] = (101, 0)
    assert of(check.tile_rows(corners, 28, 128), "tiles", "tiles that the border").ours == (1,)


def labelled(shares: list[int], digits: int = 3) -> list[Row]:
    labels = np.repeat(np.arange(10), shares).astype(np.uint8)
    return check.label_rows(labels, labels, np.repeat(labels[:, None], digits, 1), MEASURED)


def test_labels_are_tested_against_the_official_counts() -> None:
    assert complaint(labelled(MEASURED.labels)) == ""
    (failed,) = [row for row in labelled([100] * 10) if row.passed is False]
    assert failed.what.startswith("chi-square")


def test_labels_of_another_number_of_digits_or_too_few_are_not_judged() -> None:
    for rows in (labelled([100] * 10, digits=2), labelled([0] * 9 + [3])):
        row = of(rows, "labels", "chi-square")
        assert row.passed is None
        assert row.note


def test_a_label_that_is_not_the_largest_digit_is_found() -> None:
    labels = np.array([3, 9], np.uint8)
    digits = np.array([[1, 2, 3], [9, 1, 10]], np.uint8)
    rows = check.label_rows(labels, labels, digits, MEASURED)
    assert of(rows, "labels", "labels that").ours == (1,)
    assert of(rows, "labels", "labels that").passed is False


def test_another_layout_is_told_and_the_paper_s_is_none(
    resolved: Callable[[str], Resolved],
) -> None:
    assert check.unlike(resolved("paper").data, MEASURED) == ""
    laptop = resolved("laptop").data
    assert check.unlike(laptop, MEASURED) == f"canvas {laptop.canvas}, not 128"
    changed = laptop.model_copy(update={"canvas": 128, "rotation": 10.0, "blur": 0.0})
    assert check.unlike(changed, MEASURED) == "rotation 10.0, not 45.0, blur 0.0, not 0.45"


def test_families_with_few_images_are_not_judged(made: Images) -> None:
    assert "images of a family, fewer than 1,000" in check.too_few(made)
    assert check.too_few(replace(made, families=np.repeat([0, 1], 1000))) == ""
    assert check.too_few(replace(made, families=np.zeros(5000, int))).startswith("0 images")


def test_the_sheet_shows_the_first_of_each_family(made: Images) -> None:
    crops = check.shown(made, 4)
    assert list(crops) == NAMES
    first = np.flatnonzero(made.families == 1)[:4]
    np.testing.assert_array_equal(crops["water"], made.images[first])
    assert list(check.shown(replace(made, names=[*NAMES, "lava"]), 4)) == NAMES


def test_rows_become_json_with_numbers_lists_and_null() -> None:
    row = Row("water", "mean", MADE, 5, (76.0,), (76.123456,), ((75.0, 77.0),), "±8")
    (plain,) = as_json([row])
    assert plain["measured"] == 76
    assert plain["ours"] == 76.12
    assert plain["allowed"] == [75, 77]
    assert plain["pass"] is True
    pair = replace(row, measured=(1.0, 2.0), ours=(1.0, float("nan")), allowed=None)
    (plain,) = as_json([pair])
    assert plain["measured"] == [1, 2]
    assert plain["ours"] == [1, None]
    assert plain["allowed"] is None
    assert plain["pass"] is None


def test_a_complaint_is_one_line_with_the_first_row_that_fails() -> None:
    good = Row("water", "mean", MADE, 5, (76.0,), (76.1,), ((75.0, 77.0),), "±8, in 75 to 77")
    bad = replace(good, subject="rings", ours=(90.0,))
    text = complaint([good, bad, bad, replace(bad, allowed=None)])
    assert text == (
        "2 of 3 measures leave their tolerance, the first rings: mean is 90, measured 76, "
        "tolerance ±8, in 75 to 77"
    )
    assert "1 of 2 measures leaves its tolerance" in complaint([good, bad])
