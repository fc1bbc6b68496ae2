"""Digits: the IDX format, and turning, scaling and blurring against known answers and SciPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from ablation.composition.digits import Digits, transform
from ablation.composition.handwriting import Hand, HandwritingConfig, draw_hand

STILL = np.zeros(1), np.ones(1)
OFF = {"shear": 0.0, "stretch": 0.0, "thickness": 0.0, "elastic": 0.0}


def written(images: NDArray[np.uint8], **limits: float) -> tuple[NDArray[np.uint8], Hand]:
    """`images` in hands drawn within the limits, upright and in their own size."""
    count, config = len(images), HandwritingConfig(**{**OFF, **limits})
    hand = draw_hand(config, images, np.random.default_rng(2))
    return transform(images, np.zeros(count), np.ones(count), 0.0, hand), hand


def bar(width: int = 4, count: int = 1) -> NDArray[np.uint8]:
    """An upright bar of 20 px about the centre of a tile."""
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 4:24, 14 - width // 2 : 14 - width // 2 + width] = 255
    return images


def blob(seed: int = 0) -> NDArray[np.uint8]:
    """A smooth asymmetric tile (1, 28, 28) that is black at its border."""
    noise = np.random.default_rng(seed).uniform(0, 255, (28, 28))
    inside = np.zeros((28, 28))
    inside[7:21, 7:21] = noise[7:21, 7:21]
    return np.rint(ndimage.gaussian_filter(inside, 1.5))[None].astype(np.uint8)


def test_arrays_that_are_no_digits_are_refused() -> None:
    images, labels = np.zeros((3, 28, 28), np.uint8), np.zeros(3, np.uint8)
    assert len(Digits(images, labels)) == 3
    with pytest.raises(ValueError, match=r"\(n, side, side\)"):
        Digits(images[:, :20], labels)
    with pytest.raises(ValueError, match="float64"):
        Digits(images.astype(float), labels)
    with pytest.raises(ValueError, match="3 digit images but labels of"):
        Digits(images, labels[:2])


def test_no_turn_no_scale_no_blur_changes_nothing() -> None:
    images = np.random.default_rng(0).integers(0, 256, (150, 28, 28), np.uint8)
    same = transform(images, np.zeros(150), np.ones(150), 0.0)
    np.testing.assert_array_equal(same, images)


def test_a_quarter_turn_is_counter_clockwise() -> None:
    turned = transform(blob(), np.array([90.0]), np.ones(1), 0.0)
    difference = turned[0].astype(int) - np.rot90(blob()[0]).astype(int)
    assert np.abs(difference).max() <= 1


@settings(max_examples=40, deadline=None)
@given(st.floats(-180, 180), st.floats(0.5, 2.0), st.integers(0, 9))
def test_turning_and_scaling_agree_with_scipy(angle: float, scale: float, seed: int) -> None:
    made = transform(blob(seed), np.array([angle]), np.array([scale]), 0.0)[0]
    cosine, sine = np.cos(np.deg2rad(angle)) / scale, np.sin(np.deg2rad(angle)) / scale
    matrix = np.array([[cosine, sine], [-sine, cosine]])
    centre = np.full(2, 13.5)
    expected = ndimage.affine_transform(
        blob(seed)[0].astype(float), matrix, centre - matrix @ centre, order=1, mode="grid-constant"
    )
    assert np.abs(made - expected).max() <= 1


def test_each_digit_is_turned_and_scaled_on_its_own() -> None:
    images = np.concatenate([blob(i) for i in range(70)])
    rng = np.random.default_rng(1)
    angles, scales = rng.uniform(-45, 45, 70), rng.uniform(1, 1.2, 70)
    together = transform(images, angles, scales, 0.45)
    for i in (0, 5, 63, 64, 69):
        alone = transform(images[i : i + 1], angles[i : i + 1], scales[i : i + 1], 0.45)
        np.testing.assert_array_equal(alone[0], together[i])


def test_scaling_enlarges_area_by_its_square() -> None:
    ink = transform(blob(), np.zeros(1), np.array([1.2]), 0.0).sum(dtype=float)
    assert ink / blob().sum(dtype=float) == pytest.approx(1.44, rel=0.02)


def test_blur_spreads_a_point_as_a_gaussian() -> None:
    point = np.zeros((1, 28, 28), np.uint8)
    point[0, 10, 12] = 200
    blurred = transform(point, *STILL, 0.45)[0]
    expected = ndimage.gaussian_filter(point[0].astype(float), 0.45)
    assert np.abs(blurred - expected).max() <= 0.5001
    assert blurred[10, 11] == blurred[10, 13] == blurred[9, 12] == blurred[11, 12] > 0


def test_ink_that_leaves_the_tile_does_not_return_on_the_other_side() -> None:
    edge = np.zeros((1, 28, 28), np.uint8)
    edge[0, :, 0] = 255
    assert transform(edge, np.zeros(1), np.array([1.5]), 0.45).sum() == 0


# --- another hand -----------------------------------------------------------------------------


def centres(image: NDArray[np.uint8], axis: int) -> NDArray[np.float64]:
    """Where the ink of each of the bar's inner rows (axis 1) or columns (0) has its middle, px."""
    lines = np.moveaxis(image.astype(float), axis, 1)[8:20]
    return lines @ np.arange(28) / lines.sum(axis=1)


def test_a_hand_without_limits_changes_nothing() -> None:
    images = np.concatenate([blob(i) for i in range(70)])
    np.testing.assert_array_equal(written(images)[0], images)


def test_a_bar_is_slanted_by_a_tangent_within_the_limit() -> None:
    made, _ = written(bar(count=200), shear=0.3)
    slopes = [np.polyfit(np.arange(8, 20), centres(image, 1), 1)[0] for image in made]
    assert np.abs(slopes).max() <= 0.31
    assert min(slopes) < -0.25 < 0.25 < max(slopes)


def test_width_changes_within_the_limit_and_size_stays() -> None:
    square = np.zeros((200, 28, 28), np.uint8)
    square[:, 4:24, 8:20] = 255
    made, _ = written(square, stretch=0.25)
    height, width = (made.sum(axis=axis, dtype=float).max(axis=1) / 255 for axis in (1, 2))
    np.testing.assert_allclose(height, 20, atol=0.02)
    assert 12 / 1.26 < width.min() < 10.2
    assert 14.5 < width.max() < 12 * 1.26
    sideways, _ = written(np.rot90(square, axes=(1, 2)).copy(), stretch=0.25)
    # What would be wider than the digit was is as wide and less high.
    assert sideways.sum(axis=2, dtype=float).max() / 255 <= 20.1


@pytest.mark.parametrize(("px", "width"), [(-1, 2), (-0.5, 3), (0, 4), (0.5, 5), (1, 6)])
def test_a_stroke_s_edges_move_by_the_thickness(px: float, width: float) -> None:
    still = Hand(np.eye(2)[None], np.zeros((1, 2, 28, 28), np.float32), np.float32([px]))
    made = transform(bar(), *STILL, 0.0, still)[0]
    assert made[14].sum() / 255 == pytest.approx(width, abs=0.01)


def test_ink_grows_with_thickness_thin_strokes_stay_and_narrow_gaps_stay_open() -> None:
    made, hand = written(np.repeat(blob(), 200, axis=0), thickness=1.0)
    ink = made.sum(axis=(1, 2), dtype=float)[np.argsort(hand.thickness)]
    assert (np.diff(ink) >= 0).all()
    for images in (bar(2), 255 - bar(2)):
        for px in (-1, 1):
            still = Hand(np.eye(2)[None], np.zeros((1, 2, 28, 28), np.float32), np.float32([px]))
            made = transform(images, *STILL, 0.0, still)
            assert (made[0, 14, 13:15] == images[0, 14, 13:15]).all()


def test_elastic_bends_smoothly_by_no_more_than_the_limit() -> None:
    made, hand = written(bar(count=100), elastic=2.0)
    assert np.abs(hand.bends).max() <= 2
    assert hand.bends.std() > 0.4
    assert max(np.abs(np.diff(hand.bends, axis=axis)).max() for axis in (2, 3)) < 0.6  # no fold
    paths = np.array([centres(image, 1) for image in made])
    assert np.ptp(paths, axis=1).max() > 1
    assert np.abs(np.diff(paths, axis=1)).max() < 1
