"""Composed images against the measurements: known answers, what is judged, and what fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import stats

from ablation.base.cli import run
from ablation.base.files import write_yaml
from ablation.composition import backgrounds
from ablation.composition.backgrounds import pictures, water
from ablation.composition.backgrounds.noise import smooth
from ablation.composition.compose import compose
from ablation.composition.config import DataConfig
from ablation.composition.digits import Digits
from ablation.composition.placement import geometry
from ablation.inputs import data_check
from ablation.inputs.data_check import LAYOUT, MADE, MEASURED, Images, Row
from ablation.study.resolution import Resolved
from stages import data_check as stage
from tests.params import MNIST_COUNTS

OFFICIAL = np.array(MEASURED["labels"])
NAMES = ["rings", "water"]  # the fastest to draw
Study = Callable[..., None]


def outlines(labels: NDArray[np.uint8]) -> Digits:
    """Hollow boxes of two strokes, as wide and high as digits are."""
    images = np.zeros((len(labels), 28, 28), np.uint8)
    images[:, 6:22, 9:19] = 255
    images[:, 8:20, 11:17] = 0
    return Digits(images, labels)


@pytest.fixture(scope="module")
def made() -> Images:
    digits = outlines(np.arange(10, dtype=np.uint8))
    images = compose(digits, 160, geometry(LAYOUT), pictures(NAMES, 1), ("test", 3))
    return Images(MADE, 28, NAMES, images.images, images.families, images.corners)


def of(rows: list[Row], subject: str, what: str) -> Row:
    (row,) = [row for row in rows if row.subject == subject and row.what.startswith(what)]
    return row


def everywhere(images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.ones(images.shape, bool)


# --- what is measured: known answers ------------------------------------------------------------


def test_statistics_of_a_background_that_is_known() -> None:
    images = np.zeros((2, 8, 8), np.uint8)
    images[0, :, 4:], images[1] = 100, 10
    found = data_check.background(images, everywhere(images))
    assert found["mean"] == (30,)
    assert found["image_means"] == (10, 50)
    assert found["sd"] == (25,)  # of 50 and of 0
    assert found["percentiles"] == (0, 0, 7.5, 10, 32.5, 100, 100)


@given(st.integers(0, 255), st.integers(0, 2**32))
def test_digits_have_no_influence_on_what_is_outside_them(ink: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (3, 20, 20), np.uint8)
    free = data_check.outside(rng.integers(0, 14, (3, 2, 2)).astype(np.int16), 6, 20)
    changed = np.where(free, images, ink).astype(np.uint8)
    before, after = (data_check.background(i, free) for i in (images, changed))
    assert before == after


@pytest.mark.parametrize("masked", [False, True])
def test_the_half_length_of_smoothed_noise_is_its_formula_s(masked: bool) -> None:
    rng = np.random.default_rng(3)
    fields = np.stack([smooth((96, 96), 1.5, 4.0, rng) for _ in range(6)])
    images = np.clip(128 + 30 * fields, 0, 255).astype(np.uint8)
    free = everywhere(images)
    if masked:
        free = data_check.outside(np.array([[(10, 10), (50, 40)]] * 6), 28, 96)
        images = np.where(free, images, 255).astype(np.uint8)
    # exp(-d**2 / (4 sigma**2)) is a half at d = 2 sigma sqrt(ln 2).
    for axis, sigma in ((1, 1.5), (2, 4.0)):
        expected = 2 * sigma * np.sqrt(np.log(2))
        assert data_check.half_length(images, free, axis) == pytest.approx(expected, rel=0.1)


def test_a_flat_image_never_halves_and_a_chequered_one_at_once() -> None:
    flat = np.full((1, 40, 40), 7, np.uint8)
    assert data_check.half_length(flat, everywhere(flat), 1) == 29
    chequered = (np.indices((40, 40)).sum(axis=0)[None] % 2 * 200).astype(np.uint8)
    # From 1 at lag 0 to -1 at lag 1.
    assert data_check.half_length(chequered, everywhere(chequered), 2) == pytest.approx(0.25)


def test_an_ink_box_is_around_what_is_brighter_than_the_background() -> None:
    images = np.full((2, 30, 30), 90, np.uint8)
    images[0, 4:9, 6:8] = 255  # 2 wide, 5 high
    images[0, 20:21, 20:26] = 120  # 6 wide, 1 high
    images[1, 0, 29] = 255  # a background that reaches 255 shows no ink
    images[1, 4:9, 6:8] = 255
    corners = np.array([[(2, 2), (18, 18)]] * 2, np.int16)
    widths, heights = data_check.ink_boxes(images, corners, 10)
    assert widths.tolist() == [2, 6]
    assert heights.tolist() == [5, 1]


@given(arrays(np.int16, (4, 3, 2), elements=st.integers(-5, 50)))
def test_overlapping_and_cut_tiles_are_those_of_a_painted_image(corners: NDArray[np.int16]) -> None:
    tile, canvas, border = 6, 40, 20
    pairs = outside = 0
    for image in corners:
        painted = np.zeros((3, canvas + 2 * border, canvas + 2 * border), bool)
        for i, (top, left) in enumerate(image + border):
            painted[i, top : top + tile, left : left + tile] = True
        pairs += sum((painted[i] & painted[j]).any() for i, j in ((0, 1), (0, 2), (1, 2)))
        inside = painted[:, border:-border, border:-border].sum(axis=(1, 2))
        outside += int((inside < tile**2).sum())
    overlapping, cut = data_check.tile_rows(corners, tile, canvas)
    assert (overlapping.ours, overlapping.passed) == ((pairs,), pairs == 0)
    assert (cut.ours, cut.passed) == ((outside,), outside == 0)


def test_labels_are_tested_as_scipy_tests_a_table() -> None:
    counts = np.random.default_rng(0).multinomial(50_000, OFFICIAL / OFFICIAL.sum())
    expected = stats.chi2_contingency([counts, OFFICIAL]).pvalue
    assert data_check.same_source(counts, OFFICIAL) == pytest.approx(expected)
    of_two_digits = (50_000 * np.diff((np.arange(11) / 10) ** 2)).astype(int)
    p = data_check.same_source(of_two_digits, OFFICIAL)
    assert p is not None
    assert p < 1e-9
    assert data_check.same_source(np.array([0] * 9 + [4]), OFFICIAL) is None


# --- what is judged -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda images: images // 2, "mean"),
        # Water's is 76 and its images lie in 75 to 77: 4 levels more are inside 8, outside these.
        (lambda images: images + 4, "mean"),
        (lambda images: images // 2 + 38, "standard deviation"),
        (lambda images: np.where(images < 50, 0, images), "percentiles"),
        (lambda images: np.moveaxis(images, 1, 2), "half-lengths"),
    ],
)
def test_a_changed_picture_leaves_its_tolerance(
    made: Images, spoil: Callable[[NDArray[np.uint8]], NDArray[np.uint8]], what: str
) -> None:
    spoilt = replace(made, images=spoil(made.images), corners=np.zeros((160, 0, 2), np.int16))
    rows = data_check.background_rows(spoilt)
    assert of(rows, "water", what).passed is False
    assert of(rows, "rings", "smallest").passed is None


def test_a_family_that_was_never_measured_is_not_compared(made: Images) -> None:
    rows = data_check.background_rows(replace(made, names=["cells", "water"]))
    assert {row.subject for row in rows} == {"water"}


def test_digits_are_judged_by_their_medians(made: Images) -> None:
    width = of(data_check.digit_rows(made), "digits", "width")
    assert width.allowed == ((pytest.approx(18 * 0.85), pytest.approx(18 * 1.15)),)
    assert "measured 4 to 28" in width.note
    # Two of seven families: the share of bright backgrounds is another.
    assert of(data_check.digit_rows(made), "digits", "pixels of 255").passed is None
    filled = np.where(data_check.outside(made.corners, 28, 128), made.images, 255)
    rows = data_check.digit_rows(replace(made, images=filled.astype(np.uint8)))
    assert of(rows, "digits", "width").passed is False
    assert of(rows, "digits", "height").passed is False
    assert len(data_check.digit_rows(replace(made, images=np.full_like(made.images, 255)))) == 1


def test_labels_of_few_images_or_of_other_digits_are_not_judged() -> None:
    labels = np.full(3, 9, np.uint8)
    for digits in (2, 3):
        rows = data_check.label_rows(labels, labels, np.repeat(labels[:, None], digits, 1))
        assert of(rows, "labels", "chi-square").passed is None


def test_another_layout_is_told_and_the_paper_s_is_none(
    made: Images, resolved: Callable[[str], Resolved]
) -> None:
    enough = replace(made, families=np.repeat([0, 1], 1000))
    paper = resolved("paper").data
    assert data_check.not_judged(paper, enough) == ""
    assert "images of a family, fewer than 1,000" in data_check.not_judged(paper, made)
    changed = paper.model_copy(update={"canvas": 64, "rotation": 10.0})
    told = "canvas 64, not 128, rotation 10.0, not 45.0"
    assert data_check.not_judged(changed, enough) == told


# --- the stage ----------------------------------------------------------------------------------


@pytest.fixture
def study(
    resolved: Callable[[str], Resolved], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Study:
    """Writes what preprocess would, with hollow boxes as digits, and goes there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["data_check"])
    # Boxes are no digits: theirs is the one tolerance that such a study cannot keep.
    monkeypatch.setitem(MEASURED["tolerances"], "digits", 2.0)
    digits = outlines(np.repeat(np.arange(10), np.array(MNIST_COUNTS) // 10).astype(np.uint8))
    Path("data/raw").mkdir(parents=True)
    np.savez("data/raw/mnist.npz", x_train=digits.images, y_train=digits.labels)

    def make(**changes: Any) -> None:
        change = {"backgrounds": NAMES, "images": 2200, "test_images": 50}
        config: DataConfig = resolved("paper").data.model_copy(update=change | changes)
        write_yaml(Path("configs/data.yaml"), config.model_dump())
        sources = pictures(config.backgrounds, config.background_seed)
        for part, count in (("train", config.images), ("test", config.test_images)):
            images = compose(digits, count, geometry(config), sources, ("test", part))
            for folder in ("data/compositions", f"data/sets/{part}/modified"):
                Path(folder).mkdir(parents=True, exist_ok=True)
            facts = {key: getattr(images, key) for key in ("families", "digit_labels", "corners")}
            np.savez(f"data/compositions/{part}.npz", **facts)
            np.save(f"data/sets/{part}/modified/images.npy", images.images)
            np.save(f"data/sets/{part}/modified/labels.npy", images.labels)

    return make


def written() -> dict[str, Any]:
    for name in ("backgrounds.png", "backgrounds.svg"):
        assert Path("reports/figures", name).stat().st_size > 1000
    content: dict[str, Any] = json.loads(Path("reports/data_check.json").read_text())
    return content


def test_images_laid_out_as_the_measured_ones_are_judged_themselves(study: Study) -> None:
    study()
    stage.main()
    content = written()
    assert (content["passed"], content["judged_on"], content["reason"]) == (True, "made", "")
    subjects = [row["subject"] for row in content["rows"]]
    counts = {name: subjects.count(name) for name in subjects}
    assert counts == {"rings": 5, "water": 5, "digits": 3, "tiles": 2, "labels": 2}
    assert sum(row["pass"] is True for row in content["rows"]) == 8 + 2 + 2 + 2
    row = next(row for row in content["rows"] if row["subject"] == "water")
    assert row | {"ours": 76} == {
        "subject": "water", "what": "mean", "origin": "made", "count": 1000, "measured": 76,
        "ours": 76, "allowed": [75, 77], "tolerance": "±8, in 75 to 77", "note": "", "pass": True,
    }  # fmt: skip


def test_other_images_are_reported_and_the_generator_is_judged_on_a_sample(study: Study) -> None:
    study(canvas=64, images=60)
    stage.main()
    content = written()
    assert (content["passed"], content["judged_on"]) == (True, "sample")
    assert content["reason"] == "canvas 64, not 128"
    own = [row for row in content["rows"] if row["origin"] == "made"]
    judged = {row["subject"] for row in own if row["pass"] is not None}
    assert judged == {"tiles", "labels"}
    assert {row["subject"] for row in own} == {"rings", "water", "digits", "tiles", "labels"}


def test_a_generator_that_leaves_a_tolerance_fails_in_one_line(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(backgrounds._FAMILIES, "water", lambda rng: water.draw(rng) // 2)
    study()
    labels = np.load("data/sets/test/modified/labels.npy")
    np.save("data/sets/test/modified/labels.npy", (labels + 1) % 10)
    with pytest.raises(SystemExit) as exit_:
        run("data_check", stage.main)
    message = str(exit_.value)
    assert message.startswith("data_check: 4 of 14 measures outside tolerance, the first water:")
    assert message.endswith("tolerance ±8, in 75 to 77; all of them are in reports/data_check.json")
    content = written()  # what failed can be looked at
    assert content["passed"] is False
    failed = [row for row in content["rows"] if row["pass"] is False]
    assert {row["subject"] for row in failed} == {"water", "labels"}
    assert failed[-1]["what"] == "labels that are not the largest digit"
    assert failed[-1]["ours"] == 50


def test_where_nothing_was_composed_there_is_nothing_to_judge(study: Study) -> None:
    study(source="kaggle", images=10)
    for part in ("train", "test"):
        Path(f"data/compositions/{part}.npz").unlink()
    stage.main()
    assert written() == {"composed": False, "passed": None, "rows": []}
