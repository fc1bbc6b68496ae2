"""What is measured on images: known answers, and that digits have no influence on backgrounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import stats

from ablation.composition.backgrounds.noise import smooth
from ablation.data_check import measures

OFFICIAL = np.array([42, 421, 1029, 1991, 3171, 4223, 6184, 8866, 10621, 13452])


def corners(*images: list[tuple[int, int]]) -> NDArray[np.int16]:
    return np.array(images, np.int16)


def everywhere(images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.ones(images.shape, bool)


def noise(sigma_y: float, sigma_x: float, count: int = 6) -> NDArray[np.uint8]:
    rng = np.random.default_rng(3)
    fields = [smooth((96, 96), sigma_y, sigma_x, rng) for _ in range(count)]
    return np.clip(128 + 30 * np.stack(fields), 0, 255).astype(np.uint8)


def test_the_ground_is_what_no_tile_covers() -> None:
    free = measures.ground(corners([(0, 1), (3, 3)], [(2, 0), (0, 2)]), 2, 5)
    assert free.sum() == 2 * (25 - 8)
    assert not free[0, 0:2, 1:3].any()
    assert not free[0, 3:5, 3:5].any()
    assert not free[1, 2:4, 0:2].any()
    assert free[1, 0, 0]


def test_statistics_of_a_background_that_is_known() -> None:
    images = np.zeros((2, 8, 8), np.uint8)
    images[0, :, 4:], images[1] = 100, 10
    found = measures.background(images, everywhere(images), [10, 50, 90])
    assert found.mean == 30
    assert found.image_means == (10, 50)
    assert found.sd == 25  # of 50 and of 0
    assert found.percentiles == (0, 10, 100)


@given(st.integers(0, 255), st.integers(0, 2**32))
def test_digits_have_no_influence_on_what_is_outside_them(ink: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (3, 20, 20), np.uint8)
    places = rng.integers(0, 14, (3, 2, 2)).astype(np.int16)
    free = measures.ground(places, 6, 20)
    changed = np.where(free, images, ink).astype(np.uint8)
    before, after = (measures.background(i, free, [1, 50, 99]) for i in (images, changed))
    assert before == after


def test_an_image_that_the_digits_fill_is_refused() -> None:
    images = np.zeros((1, 4, 4), np.uint8)
    with pytest.raises(ValueError, match="leave some background"):
        measures.background(images, ~everywhere(images), [50])
    with pytest.raises(ValueError, match="0 images"):
        measures.background(images[:0], everywhere(images[:0]), [50])


@pytest.mark.parametrize("masked", [False, True])
def test_the_half_length_of_smoothed_noise_is_its_formula_s(masked: bool) -> None:
    images = noise(1.5, 4.0)
    free = everywhere(images)
    if masked:
        free = measures.ground(corners(*[[(10, 10), (50, 40)]] * len(images)), 28, 96)
        images = np.where(free, images, 255).astype(np.uint8)
    # exp(-d**2 / (4 sigma**2)) is a half at d = 2 sigma sqrt(ln 2).
    for axis, sigma in ((1, 1.5), (2, 4.0)):
        expected = 2 * sigma * np.sqrt(np.log(2))
        assert measures.half_length(images, free, axis) == pytest.approx(expected, rel=0.1)


def test_a_flat_image_never_halves_and_a_chequered_one_at_once() -> None:
    flat = np.full((1, 40, 40), 7, np.uint8)
    assert measures.half_length(flat, everywhere(flat), 1) == 29
    chequered = (np.indices((40, 40)).sum(axis=0)[None] % 2 * 200).astype(np.uint8)
    # From 1 at lag 0 to -1 at lag 1.
    assert measures.half_length(chequered, everywhere(chequered), 2) == pytest.approx(0.25)


def test_an_ink_box_is_around_what_is_brighter_than_the_background() -> None:
    images = np.full((3, 30, 30), 90, np.uint8)
    images[0, 4:9, 6:8] = 255  # 2 wide, 5 high
    images[0, 20:21, 20:26] = 120  # 6 wide, 1 high
    images[0, 4, 2] = 90  # no brighter than the background
    images[1, 0, 29] = 255  # a background that reaches 255 shows no ink
    images[1, 4:9, 6:8] = 255
    places = corners(*[[(2, 2), (18, 18)]] * 3)
    free = measures.ground(places, 10, 30)
    widths, heights = measures.ink_boxes(images, free, places, 10)
    assert widths.tolist() == [2, 6]
    assert heights.tolist() == [5, 1]


def test_pixels_of_255_are_counted_by_image() -> None:
    images = np.full((2, 3, 3), 254, np.uint8)
    images[1, 0] = 255
    assert measures.saturated(images).tolist() == [0, 3]


@given(arrays(np.int16, (4, 3, 2), elements=st.integers(-5, 50)))
def test_overlapping_and_cut_tiles_are_those_of_a_painted_image(places: NDArray[np.int16]) -> None:
    tile, canvas, border = 6, 40, 20
    pairs = outside = 0
    for image in places:
        painted = np.zeros((3, canvas + 2 * border, canvas + 2 * border), bool)
        for i, (top, left) in enumerate(image + border):
            painted[i, top : top + tile, left : left + tile] = True
        pairs += sum((painted[i] & painted[j]).any() for i, j in ((0, 1), (0, 2), (1, 2)))
        inside = painted[:, border:-border, border:-border].sum(axis=(1, 2))
        outside += int((inside < tile**2).sum())
    assert measures.overlapping(places, tile) == pairs
    assert measures.cut(places, tile, canvas) == outside


def test_labels_are_tested_as_scipy_tests_a_table() -> None:
    counts = np.random.default_rng(0).multinomial(50_000, OFFICIAL / OFFICIAL.sum())
    expected = stats.chi2_contingency([counts, OFFICIAL]).pvalue
    assert measures.same_source(counts, OFFICIAL) == pytest.approx(expected)
    assert measures.same_source(OFFICIAL, OFFICIAL) == pytest.approx(1)


def test_labels_of_another_distribution_are_found_out() -> None:
    of_two_digits = 50_000 * np.diff((np.arange(11) / 10) ** 2)
    p = measures.same_source(of_two_digits.astype(int), OFFICIAL)
    assert p is not None
    assert p < 1e-9


@pytest.mark.parametrize("count", [20, 100, 250])
def test_few_labels_reject_their_own_distribution_as_rarely_as_they_should(count: int) -> None:
    rng = np.random.default_rng(1)
    p = [
        measures.same_source(rng.multinomial(count, OFFICIAL / OFFICIAL.sum()), OFFICIAL)
        for _ in range(400)
    ]
    assert None not in p
    assert np.mean(np.array(p, float) < 0.1) == pytest.approx(0.1, abs=0.05)


def test_a_handful_of_labels_says_nothing() -> None:
    assert measures.same_source(np.array([0] * 9 + [4]), OFFICIAL) is None


@given(st.lists(st.integers(0, 3), max_size=60), st.integers(1, 20))
def test_a_spread_takes_members_in_order_from_beginning_to_end(
    groups: list[int], count: int
) -> None:
    members = np.flatnonzero(np.array(groups) == 2)
    chosen = measures.spread(np.array(groups), 2, count)
    assert len(chosen) == min(count, len(members))
    assert set(chosen) <= set(members)
    assert (np.diff(chosen) > 0).all()
    if len(members):
        assert chosen[0] == members[0]
