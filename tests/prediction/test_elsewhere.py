"""Judging on other pictures and other sizes, with predictors whose answers are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ablation.composition.config import LayoutConfig
from ablation.composition.digits import Digits
from ablation.evaluation.metrics import wilson
from ablation.prediction.elsewhere import judge
from ablation.study.resolution import Resolved


@pytest.fixture
def layout(resolved: Callable[[str], Resolved]) -> LayoutConfig:
    data = resolved("smoke").data
    return LayoutConfig(**{key: getattr(data, key) for key in LayoutConfig.model_fields})


def test_it_is_the_share_of_right_answers_on_images_that_differ(layout: LayoutConfig) -> None:
    digits = Digits(np.full((10, 28, 28), 200, np.uint8), np.full(10, 7, np.uint8))
    seen: list[np.ndarray] = []

    def predict(side: int) -> Callable[[np.ndarray], np.ndarray]:
        def say(images: np.ndarray) -> np.ndarray:
            assert images.shape == (8, side, side)
            seen.append(images)
            return np.array([7, 7, 7, 7, 7, 7, 1, 1], np.uint8)

        return say

    own, other, large, _ = judge(predict, layout, digits, [64, 96], 8, 1)
    assert (own.side, own.other_pictures, other.other_pictures) == (64, False, True)
    assert (large.side, large.images) == (96, 8)
    assert own.accuracy == 0.75
    assert (own.low, own.high) == wilson(6, 8)
    assert set(own.families) <= set(layout.backgrounds)
    assert all(0 <= share <= 1 for share in own.families.values())
    assert not np.array_equal(seen[0], seen[1])
