"""Digits: the IDX format, and turning, scaling and blurring against known answers and SciPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from ablation.composition.digits import Digits, transform

STILL = np.zeros(1), np.ones(1)


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
