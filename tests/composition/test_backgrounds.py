"""Background families against the measured table, at the paper's geometry."""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from scipy.signal import fftconvolve

from ablation.composition import backgrounds
from ablation.inputs.data_check import LAYOUT, MEASURED, SAMPLE, Images, background_rows, complaint

SIDE, CROPS = LAYOUT.canvas, 240


@cache
def source(family: str, seed: int = 0) -> NDArray[np.uint8]:
    return backgrounds.draw(family, np.random.default_rng([seed, len(family)]))


def crops(family: str, seed: int = 0, count: int = CROPS) -> NDArray[np.uint8]:
    picture, rng = source(family, seed), np.random.default_rng(99)
    tops, lefts = (rng.integers(0, side - SIDE, count, endpoint=True) for side in picture.shape)
    return backgrounds.crop(picture, tops, lefts, SIDE)


def share_with(images: NDArray[np.bool_]) -> float:
    return float(images.any(axis=(1, 2)).mean())


OTHERS = ("clouds", "waves", "cells", "strokes")


def test_the_families_are_those_measured_and_others_that_only_fresh_images_stand_on() -> None:
    assert backgrounds.families() == (*MEASURED["families"], *OTHERS)


@pytest.mark.parametrize("family", OTHERS)
def test_a_mosaic_s_patches_differ_and_leave_room_for_ink(family: str) -> None:
    picture = source(family)
    assert picture.dtype == np.uint8
    assert min(picture.shape) >= backgrounds.SMALLEST
    assert picture.max() <= 205
    patches = picture.reshape(6, 200, 6, 200).swapaxes(1, 2).reshape(36, -1)
    low, high = np.percentile(patches, (2, 98), axis=1)
    assert (high - low).min() > 10  # none is empty
    assert np.median(high - low) > 60
    assert np.ptp(patches.mean(axis=1)) > 80
    assert len(np.unique(patches, axis=0)) == 36


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("family", MEASURED["families"])
def test_a_family_has_the_measured_statistics(family: str, seed: int) -> None:
    # No tiles, so all of a crop is background.
    no_tiles = np.zeros((CROPS, 0, 2), np.int16)
    images = Images(SAMPLE, 1, [family], crops(family, seed), np.zeros(CROPS, np.uint8), no_tiles)
    rows = background_rows(images)
    assert sum(row.passed is not None for row in rows) == 4
    assert complaint(rows) == ""


def test_a_family_s_picture_follows_from_its_seed_whichever_others_there_are() -> None:
    rings, water = backgrounds.pictures(["rings", "water"], 5)
    (alone,) = backgrounds.pictures(["water"], 5)
    np.testing.assert_array_equal(alone, water)
    assert rings.shape != water.shape
    for seeds in ((6,), (5, 0, 0)):  # an epoch's own is no other's
        assert (backgrounds.pictures(["water"], *seeds)[0] != water).any()


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(ValueError, match="'lava': expected one of plate, granite, pebbles"):
        backgrounds.pictures(["lava"], 1)


def test_crops_are_where_they_were_asked_for() -> None:
    picture = np.arange(60, dtype=np.uint8).reshape(6, 10)
    taken = backgrounds.crop(picture, np.array([0, 3]), np.array([7, 1]), 3)
    np.testing.assert_array_equal(taken[0], [[7, 8, 9], [17, 18, 19], [27, 28, 29]])
    np.testing.assert_array_equal(taken[1], picture[3:6, 1:4])


def test_rings_are_one_clipped_ramp_about_one_centre() -> None:
    picture = source("rings").astype(float)
    # The brightest disc of the source lies inside the first ring: recover the centre from it.
    y, x = np.indices(picture.shape)
    rng = np.random.default_rng([0, len("rings")])
    centre = rng.uniform((225, 125), (275, 175))
    phase = np.hypot(y - centre[0], x - centre[1]) / 26.65 % 1
    assert np.abs(picture - np.clip(194.5 - 198 * phase, 0, 178)).max() <= 0.5


def test_pebbles_are_flat_stones_between_hard_gaps() -> None:
    picture = source("pebbles").astype(float)
    spread = ndimage.maximum_filter(picture, 3) - ndimage.minimum_filter(picture, 3)
    stones, count = ndimage.label(picture > 110)
    inside = ndimage.minimum_filter(picture, 3) > 110
    assert inside.mean() > 0.1
    assert np.median(spread[inside]) < 25  # flat inside
    assert np.median(spread[~inside]) > 100  # and steep at the rim
    widths = np.sqrt(np.bincount(stones.ravel())[1:])
    assert count > 1000
    assert 3 <= np.median(widths) <= 9


def test_stars_are_points_and_rarely_spiked() -> None:
    images = crops("stars", count=60).astype(float)
    peaks = (ndimage.maximum_filter(images, (1, 3, 3)) == images) & (
        images > ndimage.median_filter(images, (1, 9, 9)) + 60
    )
    assert 120 <= np.median(peaks.sum(axis=(1, 2))) <= 230
    saturated = ndimage.uniform_filter(source("stars").astype(float), 7) >= 250
    assert 3 <= ndimage.label(saturated)[1] <= 12
    assert 29 <= np.median(np.median(images, axis=(1, 2))) <= 60


def test_contours_are_bright_bands_a_few_px_wide() -> None:
    bright = crops("contour") > 100
    assert 0.05 < bright.mean() < 0.2
    assert share_with(ndimage.binary_opening(bright, np.ones((1, 2, 2)))) == 1
    assert share_with(ndimage.binary_opening(bright, np.ones((1, 12, 12)))) < 0.05


def test_granite_shows_a_bright_line_in_about_half_of_the_crops() -> None:
    picture = source("granite").astype(float)
    # Averaged along a diagonal of 61 px, speckle vanishes and a line stays.
    picture -= ndimage.gaussian_filter(picture, 2)
    found = np.zeros(picture.shape, bool)
    for angle in np.deg2rad([*range(30, 61, 2), *range(120, 151, 2)]):
        footprint = np.zeros((61, 61))
        along = np.arange(-30, 31)
        footprint[
            np.rint(30 + along * np.sin(angle)).astype(int),
            np.rint(30 + along * np.cos(angle)).astype(int),
        ] = 1 / 61
        found |= fftconvolve(picture, footprint, "same") > 20
    rng = np.random.default_rng(0)
    tops, lefts = (rng.integers(0, side - SIDE, 100) for side in picture.shape)
    shares = [found[t : t + SIDE, a : a + SIDE].any() for t, a in zip(tops, lefts, strict=True)]
    assert 0.25 <= np.mean(shares) <= 0.85
