"""Composition: placement, blending, labels; the same images by any workers, on any processor."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy._core import _multiarray_umath as core
from numpy.typing import NDArray
from scipy import stats

from ablation.composition.backgrounds import pictures as drawn
from ablation.composition.compose import CHUNK, blend, compose, composer
from ablation.composition.config import FreshLayoutConfig
from ablation.composition.digits import Digits
from ablation.composition.handwriting import HandwritingConfig
from ablation.composition.placement import Geometry, geometry, place
from tests.params import MNIST_COUNTS, ROOT

# Of the 50,000 official labels (measured).
OFFICIAL_COUNTS = (42, 421, 1029, 1991, 3171, 4223, 6184, 8866, 10621, 13452)
PARTS = ("images", "labels", "families", "digit_labels", "corners")


def layout(canvas: int, tile: int = 28, digits: int = 3) -> Geometry:
    return Geometry(canvas, tile, digits, rotation_deg=45.0, scale=(1.03, 1.21), blur_px=0.45)


def plain(canvas: int, tile: int, digits: int) -> Geometry:
    return Geometry(canvas, tile, digits, rotation_deg=0.0, scale=(1.0, 1.0), blur_px=0.0)


def pool(count: int = 60) -> Digits:
    rng = np.random.default_rng(0)
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


# --- placement --------------------------------------------------------------------------------


@settings(max_examples=25)
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
    counts = np.bincount(corners @ np.array([64, 16, 4, 1]), minlength=256)
    expected = np.array([np.dot(p, (64, 16, 4, 1)) for p in allowed])
    assert counts[expected].sum() == 60_000
    assert stats.chisquare(counts[expected]).pvalue > 0.001


def test_the_geometry_is_the_configuration_s_and_what_never_fits_is_refused(
    resolved: Callable[..., Any],
) -> None:
    made = geometry(resolved("paper").data)
    assert (made.canvas, made.tile, made.digits) == (128, 28, 3)
    assert (made.rotation_deg, made.scale, made.blur_px) == (45.0, (1.03, 1.21), 0.45)
    with pytest.raises(
        ValueError, match="17 disjoint tiles of 28 px do not fit a canvas of 128 px"
    ):
        layout(128, digits=17)
    with pytest.raises(ValueError, match="hardly ever fall on a canvas of 56 px"):
        place(10, layout(56), np.random.default_rng(0))


# --- images -----------------------------------------------------------------------------------


@given(arrays(np.uint8, (2, 5, 5)), arrays(np.uint8, (2, 3, 3)))
def test_blending_is_the_clipped_sum(images: NDArray[np.uint8], tiles: NDArray[np.uint8]) -> None:
    expected = images.astype(int)
    expected[0, 1:4, 2:5] += tiles[0]
    expected[1, :3, :3] += tiles[1]
    blend(images, tiles, np.array([[1, 2], [0, 0]]))
    np.testing.assert_array_equal(images, np.minimum(expected, 255))


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


def test_the_label_is_the_largest_digit_and_labels_follow_the_official_distribution() -> None:
    # One pixel a digit, so that 50,000 images cost nothing.
    labels = np.repeat(np.arange(10), MNIST_COUNTS).astype(np.uint8)
    digits = Digits(np.zeros((len(labels), 1, 1), np.uint8), labels)
    made = compose(digits, 50_000, plain(4, 1, 3), [np.zeros((9, 9), np.uint8)], stream=("test", 0))
    np.testing.assert_array_equal(made.labels, made.digit_labels.max(axis=1))
    counts = np.bincount(made.labels, minlength=10)
    assert stats.chi2_contingency([counts, OFFICIAL_COUNTS]).pvalue > 0.01
    cumulative = (np.cumsum(MNIST_COUNTS) / 60_000) ** 3
    assert stats.chisquare(counts, 50_000 * np.diff(cumulative, prepend=0)).pvalue > 0.001


def test_the_stream_decides_and_the_number_of_workers_does_not() -> None:
    # Three whole chunks and a part, on two workers; the second also fills a given array.
    count = 3 * CHUNK + 64
    alone, other = (
        compose(pool(), count, layout(64), pictures(), stream=("test", stream)) for stream in (5, 6)
    )
    out = np.zeros((count, 64, 64), np.uint8)
    together = compose(
        pool(), count, layout(64), pictures(), stream=("test", 5), workers=2, out=out
    )
    assert together.images is out
    for name in PARTS:
        np.testing.assert_array_equal(getattr(alone, name), getattr(together, name))
        assert (getattr(alone, name) != getattr(other, name)).any()
    assert set(alone.families.tolist()) == {0, 1, 2}


def test_arguments_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="tiles of 20 px for digits of 28 px"):
        compose(pool(), 1, layout(72, tile=20), pictures(), ("test", 0))
    with pytest.raises(ValueError, match="background 2 is uint8 of shape"):
        compose(pool(), 1, layout(129), pictures(), ("test", 0))


# --- images composed anew for each epoch ------------------------------------------------------

LAYOUT = FreshLayoutConfig(
    canvas=64, tile=28, digits=3, rotation=45.0, magnification=[1.03, 1.21], blur=0.45,
    backgrounds=["contour", "rings"], background_seed=1, handwriting=None, pictures=False,
)  # fmt: skip


def test_fresh_images_are_of_the_study_s_kind_repeatable_and_never_the_same() -> None:
    """Those of an epoch follow from seed and epoch, whatever was composed before and by whom."""
    one, other, seed = (
        composer(LAYOUT, pool(), False, seed, workers=n) for seed, n in ((3, 1), (3, 2), (4, 1))
    )
    seen = [one(0, 200), one(2, 200), seed(2, 200)]
    for ours, theirs in zip(seen[1], other(2, 200), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    every = np.concatenate([images for images, _ in seen])
    assert every.dtype == np.uint8
    assert len(np.unique(every.reshape(600, -1), axis=0)) == 600
    # The same mean brightness within what chance allows, over the same pictures.
    sources = drawn(LAYOUT.backgrounds, LAYOUT.background_seed)
    fixed = compose(pool(), 600, geometry(LAYOUT), sources, ("test", 2)).images
    means = [images.mean(axis=(1, 2)) for images in (every, fixed)]
    error = np.hypot(*(of_kind.std() / np.sqrt(600) for of_kind in means))
    assert abs(means[0].mean() - means[1].mean()) < 4 * error
    assert 5 < np.mean([labels.mean() for _, labels in seen]) < 8  # the largest of three, not any


def test_fresh_images_may_come_with_the_digits_that_they_have() -> None:
    largest, present = (composer(LAYOUT, pool(), of, 3, 1)(0, 200) for of in (False, True))
    np.testing.assert_array_equal(largest[0], present[0])
    sources = drawn(LAYOUT.backgrounds, LAYOUT.background_seed)
    made = compose(pool(), 200, geometry(LAYOUT), sources, ("fresh", 3, 0))
    there = [np.flatnonzero(row).tolist() for row in present[1]]
    assert there == [sorted(set(row.tolist())) for row in made.digit_labels]


HANDWRITING = HandwritingConfig(shear=0.3, stretch=0.25, thickness=1.0, elastic=2.0)


def test_without_its_options_fresh_images_are_what_they_were_before_there_were_any() -> None:
    images, labels = composer(LAYOUT, pool(), False, 3, 1)(1, 600)
    assert sha256(images.tobytes() + labels.tobytes()).hexdigest() == (
        "3db73bf8e9165fd9f762b517b0bfe23d3c77a3dd8c8f7cee0a89bfd7841007c0"
    )


@pytest.mark.parametrize("option", [{"handwriting": HANDWRITING}, {"pictures": True}])
def test_fresh_images_with_options_are_of_their_epoch_whatever_came_before(
    option: dict[str, Any],
) -> None:
    varied = LAYOUT.model_copy(update=option)
    plain, one, other = (composer(kind, pool(), False, 3, 1) for kind in (LAYOUT, varied, varied))
    first, later = one(0, 100)[0], one(2, 100)
    for ours, theirs in zip(later, other(2, 100), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    # Digits, places and crops are the same; ink or pictures are not.
    np.testing.assert_array_equal(later[1], plain(2, 100)[1])
    assert (later[0] != plain(2, 100)[0]).any(axis=(1, 2)).all()
    assert (first != later[0]).any(axis=(1, 2)).all()


# --- other processors -------------------------------------------------------------------------

# What numpy chooses when it starts, by what the processor has, from simple to wide.
CHOSEN = [name for name in core.__cpu_dispatch__ if core.__cpu_features__[name]]
COMPOSE = """
from dataclasses import replace
from ablation.composition.backgrounds import families
from tests.composition.test_compose import *
sources = drawn(families(), 1)
content = b""
for hand in (None, HANDWRITING):
    laid_out = replace(layout(64), handwriting=hand)
    composed = compose(pool(), 24, laid_out, sources, ("images", 0, "train"), 1)
    content += composed.images.tobytes() + composed.labels.tobytes()
print(len(np.unique(composed.images)), len(CHOSEN), sha256(content).hexdigest())
"""


@pytest.mark.skipif(not CHOSEN, reason="this processor has no features that numpy chooses from")
def test_images_are_the_same_without_the_processor_s_wide_instructions() -> None:
    """And by the linear algebra of an older one: results travel between processors."""
    old = {"NPY_DISABLE_CPU_FEATURES": " ".join(CHOSEN), "OPENBLAS_CORETYPE": "Nehalem"}
    told = [
        subprocess.run(
            [sys.executable, "-c", COMPOSE], cwd=ROOT, env={**os.environ, **variables}, check=True,
            capture_output=True, text=True,
        ).stdout.split()
        for variables in ({}, old)
    ]  # fmt: skip
    assert [features for _, features, _ in told] == [str(len(CHOSEN)), "0"]
    assert int(told[0][0]) > 200  # greys: images, not an empty canvas
    assert told[0] == [told[1][0], str(len(CHOSEN)), told[1][2]]
