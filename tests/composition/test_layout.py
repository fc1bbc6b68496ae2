"""The geometry and the background pictures that a configuration asks for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ablation.composition.backgrounds import pictures
from ablation.composition.placement import geometry
from ablation.study.resolution import Resolved


def test_the_geometry_is_the_configuration_s(resolved: Callable[[str], Resolved]) -> None:
    data = resolved("paper").data
    made = geometry(data)
    assert (made.canvas, made.tile, made.digits) == (128, 28, 3)
    assert (made.rotation_deg, made.scale, made.blur_px) == (45.0, (1.03, 1.21), 0.45)


def test_a_family_s_picture_is_the_same_whichever_others_there_are() -> None:
    rings, water = pictures(["rings", "water"], 5)
    (alone,) = pictures(["water"], 5)
    np.testing.assert_array_equal(alone, water)
    assert rings.shape != water.shape
    assert (pictures(["water"], 6)[0] != water).any()


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(ValueError, match="'lava': expected one of plate"):
        pictures(["lava"], 1)
