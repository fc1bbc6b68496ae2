"""Augmentation: one image a step and row, its range of values, and the labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from ablation.reporting.config import AugmentationFigure
from ablation.reporting.figures.augmentation import draw, read
from tests.reporting.figures.tables import samples, write

FIGURE = AugmentationFigure(
    kind="augmentation", title="Steps", paper="figure 3", arms=["vgg_augmented"], images=[1, 2, 3]
)
STEPS = ("raw", "scaled", "thresholded", "padded")


def drawn(steps: tuple[str, ...], folder: Path) -> tuple[Figure, list[AxesImage]]:
    picture = draw(FIGURE, {}, read(write(folder, samples(steps))))
    return picture, [image for axes in picture.axes for image in axes.images]


@pytest.mark.parametrize("steps", [STEPS, ("raw", "scaled"), ("scaled",)])
def test_each_step_of_each_image_stands_pseudocoloured_and_grey(
    steps: tuple[str, ...], tmp_path: Path
) -> None:
    picture, images = drawn(steps, tmp_path)
    assert len(images) == 2 * 3 * len(steps)
    assert {image.get_cmap().name for image in images} == {"viridis", "gray"}
    titles = [axes.get_title() for axes in picture.axes if axes.get_title()]
    assert titles == [*steps, *steps]


def test_raw_images_run_to_255_and_the_others_to_1(tmp_path: Path) -> None:
    _, images = drawn(("raw", "padded"), tmp_path)
    arrays = samples(("raw", "padded"))
    np.testing.assert_array_equal(images[0].get_array(), arrays["step_raw"][0])
    assert images[0].get_clim() == (0, 255)
    np.testing.assert_array_equal(images[1].get_array(), arrays["step_padded"][0])
    assert images[1].get_clim() == (0, 1)


def test_rows_name_the_image_and_its_label_and_axes_their_pixels(tmp_path: Path) -> None:
    picture, _ = drawn(STEPS, tmp_path)
    names = [axes.get_ylabel() for axes in picture.axes if axes.get_ylabel()]
    assert names == ["no. 9666\nlabel 9", "no. 12019\nlabel 7", "no. 22488\nlabel 4"]
    lowest = [axes for axes in picture.axes if axes.get_xlabel() == "x (px)"]
    widths = [axes.get_xticklabels()[-1].get_text() for axes in lowest]
    assert widths == ["72", "72", "72", "80"] * 2


def test_each_range_of_values_has_its_colour_bar(tmp_path: Path) -> None:
    picture, _ = drawn(STEPS, tmp_path)
    bars = [axes for axes in picture.axes if axes.get_xlabel() == "grey value"]
    assert [axes.get_xlim()[1] for axes in bars] == [255, 1, 255, 1]


def test_a_missing_array_is_named(tmp_path: Path) -> None:
    arrays = samples()
    del arrays["step_padded"]
    with pytest.raises(ValueError, match="lacks the array step_padded"):
        read(write(tmp_path, arrays))


def test_images_without_a_number_are_refused(tmp_path: Path) -> None:
    arrays = samples() | {"numbers": np.array([1, 2])}
    with pytest.raises(ValueError, match=r"step_raw has the shape \(3, 72, 72\), not \(2,"):
        read(write(tmp_path, arrays))
