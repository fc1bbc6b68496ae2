"""Composition: placement, blending, labels, and the same images from any number of workers."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import stats

from ablation.composition.compose import CHUNK, blend, compose
from ablation.composition.digits import Digits
from ablation.composition.placement import Geometry, place

# Class counts of MNIST's 60,000 training digits, and of the 50,000 official labels (measured).
MNIST_COUNTS = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)
OFFICIAL_COUNTS = (42, 421, 1029, 1991, 3171, 4223, 6184, 8866, 10621, 13452)


def layout(canvas: int, tile: int = 28, digits: int = 3) -> Geometry:
    return Geometry(canvas, tile, digits, rotation_deg=45.0, scale=(1.03, 1.21), blur_px=0.45)


def plain(canvas: int, tile: int, digits: int) -> Geometry:
    return Geometry(canvas, tile, digits, rotation_deg=0.0, scale=(1.0, 1.0), blur_px=0.0)


def pool(count: int = 60, seed: int = 0) -> Digits:
    rng = np.random.default_rng(seed)
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 6:22, 8:20] = rng.integers(0, 256, (count, 16, 12))
    return Digits(images, (np.arange(count) % 10).astype(np.uint8))


def pictures() -> list[NDArray[np.uint8]]:
    rng = np.random.default_rng(7)
    return [rng.integers(0, 256, shape, np.uint8) for shape in ((240, 350), (140, 150), (128, 128))]


def distances(corners: NDArray[np.int16]) -> NDArray[np.int16]:
    """Chebyshev distances (n, pairs) between the tiles of each image."""
    first, second = np.triu_indices(corners.shape[1], 1)
    return np.abs(corners[:, first] - corners[:, second]).max(axis=2)


@settings(max_examples=25, deadline=None)
@given(st.integers(62, 140), st.integers(1, 3), st.integers(0, 2**32))
def test_tiles_are_disjoint_and_whole(canvas: int, digits: int, seed: int) -> None:
    corners = place(40, layout(canvas, digits=digits), np.random.default_rng(seed))
    assert corners.shape == (40, digits, 2)
    assert corners.min() >= 0
    assert corners.max() <= canvas - 28
    assert (distances(corners) >= 28).all()


def test_every_disjoint_placement_is_equally_likely() -> None:
    corners = place(60_000, plain(5, 2, 2), np.random.default_rng(0)).reshape(-1, 4)
    allowed = [
        p for p in product(range(4), repeat=4) if max(abs(p[0] - p[2]), abs(p[1] - p[3])) >= 2
    ]
    codes = corners @ np.array([64, 16, 4, 1])
    counts = np.bincount(codes, minlength=256)
    expected = np.array([np.dot(p, (64, 16, 4, 1)) for p in allowed])
    assert counts[expected].sum() == 60_000
    assert stats.chisquare(counts[expected]).pvalue > 0.001


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"canvas": 55}, "at least 56 px"),
        ({"tile": 0}, "1 or more"),
        ({"digits": 0}, "1 or more"),
        ({"digits": 17}, "do not fit a canvas of 128 px"),
        ({"scale": (1.2, 1.0)}, "smallest <= largest"),
        ({"scale": (0.0, 1.0)}, "smallest <= largest"),
        ({"rotation_deg": -1.0}, "0 or more"),
        ({"blur_px": -1.0}, "0 or more"),
    ],
)
def test_an_impossible_geometry_is_refused(change: dict[str, object], words: str) -> None:
    fields = {"canvas": 128, "tile": 28, "digits": 3, "rotation_deg": 45.0, "scale": (1.0, 1.2)}
    with pytest.raises(ValueError, match=words) as error:
        Geometry(**{**fields, "blur_px": 0.4, **change})  # type: ignore[arg-type]
    assert "\n" not in str(error.value)


def test_a_canvas_that_hardly_ever_fits_is_refused() -> None:
    with pytest.raises(ValueError, match="hardly ever fall on a canvas of 56 px"):
        place(10, layout(56), np.random.default_rng(0))


def test_blending_adds_and_clips() -> None:
    images = np.full((2, 4, 4), 100, np.uint8)
    tiles = np.array([[[0, 100], [155, 156]], [[255, 1], [2, 3]]], np.uint8)
    blend(images, tiles, np.array([[0, 0], [2, 1]]))
    np.testing.assert_array_equal(images[0, :2, :2], [[100, 200], [255, 255]])
    np.testing.assert_array_equal(images[1, 2:, 1:3], [[255, 101], [102, 103]])
    assert (images == 100).sum() == 32 - 7


@given(arrays(np.uint8, (2, 5, 5)), arrays(np.uint8, (2, 3, 3)))
def test_blending_is_the_clipped_sum(images: NDArray[np.uint8], tiles: NDArray[np.uint8]) -> None:
    expected = images.astype(int)
    expected[:, 1:4, 2:5] += tiles
    blend(images, tiles, np.array([[1, 2], [1, 2]]))
    np.testing.assert_array_equal(images, np.minimum(expected, 255))


def test_the_label_is_the_largest_digit() -> None:
    made = compose(pool(), 700, layout(80), pictures(), stream=("test", 3))
    np.testing.assert_array_equal(made.labels, made.digit_labels.max(axis=1))
    assert set(made.families.tolist()) == {0, 1, 2}
    assert (distances(made.corners) >= 28).all()


def test_an_image_is_a_crop_with_its_digits_added() -> None:
    digits = pool(10)  # each label stands for one image
    sources = [np.arange(120 * 130, dtype=np.uint32).reshape(120, 130).astype(np.uint8) // 2]
    made = compose(digits, 30, plain(90, 28, 3), sources, stream=("test", 1))
    windows = np.lib.stride_tricks.sliding_window_view(sources[0], (90, 90))
    for image, labels, corners in zip(made.images, made.digit_labels, made.corners, strict=True):
        layer = np.zeros((90, 90), int)
        for label, (top, left) in zip(labels, corners, strict=True):
            layer[top : top + 28, left : left + 28] += digits.images[label]
        free = layer == 0
        crops = windows[:, :, free].reshape(-1, free.sum())
        found = np.flatnonzero((crops == image[free]).all(axis=1))
        assert len(found)
        crop = windows.reshape(-1, 90, 90)[found[0]]
        np.testing.assert_array_equal(image, np.minimum(crop + layer, 255))


def test_labels_follow_the_official_distribution() -> None:
    # One pixel a digit, so that 50,000 images cost nothing.
    labels = np.repeat(np.arange(10), MNIST_COUNTS).astype(np.uint8)
    digits = Digits(np.zeros((len(labels), 1, 1), np.uint8), labels)
    made = compose(digits, 50_000, plain(4, 1, 3), [np.zeros((9, 9), np.uint8)], stream=("test", 0))
    counts = np.bincount(made.labels, minlength=10)
    assert stats.chi2_contingency([counts, OFFICIAL_COUNTS]).pvalue > 0.01
    cumulative = (np.cumsum(MNIST_COUNTS) / 60_000) ** 3
    assert stats.chisquare(counts, 50_000 * np.diff(cumulative, prepend=0)).pvalue > 0.001


def test_any_number_of_workers_makes_the_same_images() -> None:
    # Three whole chunks and a part, on two workers; the second also fills a given array.
    count = 3 * CHUNK + 64
    alone = compose(pool(), count, layout(64), pictures(), stream=("test", 5))
    out = np.zeros((count, 64, 64), np.uint8)
    together = compose(
        pool(), count, layout(64), pictures(), stream=("test", 5), workers=2, out=out
    )
    assert together.images is out
    for name in ("images", "labels", "families", "digit_labels", "corners"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(together, name))


def test_the_stream_decides() -> None:
    first, again, other = (
        compose(pool(), 20, layout(72), pictures(), stream=("test", s)) for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.images, again.images)
    assert (first.images != other.images).any()


def test_no_images_are_no_error() -> None:
    assert compose(pool(), 0, layout(72), pictures(), stream=("test", 1)).images.shape == (
        0,
        72,
        72,
    )


def test_arguments_that_do_not_fit_are_refused() -> None:
    digits, sources = pool(), pictures()
    with pytest.raises(ValueError, match="tiles of 20 px for digits of 28 px"):
        compose(digits, 1, layout(72, tile=20), sources, ("test", 0))
    with pytest.raises(ValueError, match="background 2 is uint8 of shape"):
        compose(digits, 1, layout(129), sources, ("test", 0))
    with pytest.raises(ValueError, match="0 backgrounds"):
        compose(digits, 1, layout(72), [], ("test", 0))
    with pytest.raises(ValueError, match="0 workers"):
        compose(digits, 1, layout(72), sources, ("test", 0), workers=0)
    with pytest.raises(ValueError, match="out is uint8"):
        compose(digits, 2, layout(72), sources, ("test", 0), out=np.zeros((1, 72, 72), np.uint8))
