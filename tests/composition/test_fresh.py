"""Training images composed anew for each epoch: of the study's kind, never twice, repeatable."""

from __future__ import annotations

import numpy as np
import pytest

from ablation.composition.backgrounds import pictures
from ablation.composition.compose import compose, composer
from ablation.composition.config import LayoutConfig
from ablation.composition.digits import Digits
from ablation.composition.placement import geometry
from tests.params import PARAMS

LAYOUT = LayoutConfig(
    canvas=64, **{key: PARAMS["data"][key] for key in LayoutConfig.model_fields if key != "canvas"}
)
COUNT = 20


@pytest.fixture(scope="module")
def digits() -> Digits:
    """Ten digits, each a bright square as large as it is high."""
    images = np.zeros((10, 28, 28), np.uint8)
    for digit in range(10):
        images[digit, 8 : 10 + digit, 8 : 10 + digit] = 200
    return Digits(images, np.arange(10, dtype=np.uint8))


def test_an_epoch_is_the_same_whenever_and_by_however_many_it_is_composed(digits: Digits) -> None:
    one, other = composer(LAYOUT, digits, 3, workers=1), composer(LAYOUT, digits, 3, workers=2)
    one(0, COUNT)
    images, labels = one(2, COUNT)
    again, same = other(2, COUNT)
    np.testing.assert_array_equal(images, again)
    np.testing.assert_array_equal(labels, same)
    assert images.shape == (COUNT, 64, 64)
    assert images.dtype == labels.dtype == np.uint8


def test_no_image_comes_twice_in_any_epoch_of_any_seed(digits: Digits) -> None:
    seen = [composer(LAYOUT, digits, s, 1)(epoch, COUNT)[0] for s in (0, 1) for epoch in (0, 1, 2)]
    every = np.concatenate(seen).reshape(len(seen) * COUNT, -1)
    assert len(np.unique(every, axis=0)) == len(every)


def test_fresh_images_are_laid_out_as_the_data_set_s(digits: Digits) -> None:
    """The same mean brightness within what chance allows, over the same source pictures."""
    count = 600
    sources = pictures(LAYOUT.backgrounds, LAYOUT.background_seed)
    fixed = compose(digits, count, geometry(LAYOUT), sources, ("test", 2)).images
    fresh, labels = composer(LAYOUT, digits, 0, 1)(0, count)
    means = [images.mean(axis=(1, 2)) for images in (fresh, fixed)]
    error = np.hypot(*(of_kind.std() / np.sqrt(count) for of_kind in means))
    assert abs(means[0].mean() - means[1].mean()) < 4 * error
    assert means[0].std() == pytest.approx(means[1].std(), rel=0.2)
    assert 5 < labels.mean() < 8  # the largest of three, not any one
