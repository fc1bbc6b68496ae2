"""The comparison: the chosen arms alone, with the interval that the seeds allow."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import PathCollection

from ablation.reporting.config import BestFigure
from ablation.reporting.figures.best import draw, interval
from tests.reporting.figures.tables import best_table, with_one_seed

FIGURE = BestFigure(
    kind="best",
    title="Best",
    paper="section 4.3",
    groups={"CNN": ["baseline", "adam"], "VGG-16": ["vgg_raw", "vgg_augmented"]},
)


@pytest.mark.parametrize("seeds", [1, 3])
def test_dots_are_the_means_of_the_chosen_arms(labels: dict[str, str], seeds: int) -> None:
    table = best_table(seeds)
    axes = draw(FIGURE, labels, table).axes[0]
    for container, arm in zip(axes.containers, ("adam", "vgg_augmented"), strict=True):
        means = table[table["arm"] == arm].groupby("part")["accuracy"].mean() * 100
        expected = [means["training"], means["validation"], means["test"]]
        assert list(container[0].get_ydata()) == pytest.approx(expected)
    values = [text.get_text() for text in axes.texts]
    assert len(values) == 6
    assert values[0] == f"{axes.containers[0][0].get_ydata()[0]:.1f}"
    assert axes.get_ylabel() == "Accuracy (%)"
    assert [text.get_text() for text in axes.get_xticklabels()] == [
        "training", "validation", "test",
    ]  # fmt: skip


def test_the_legend_names_group_and_arm_once(labels: dict[str, str]) -> None:
    picture = draw(FIGURE, labels, best_table(1))
    texts = [text.get_text() for text in picture.legends[0].get_texts()]
    assert texts == [
        "CNN: Adam, best of 2 on validation",
        "VGG-16, augmented, best of 2 on validation",
    ]


def test_groups_of_different_numbers_of_seeds_say_theirs(labels: dict[str, str]) -> None:
    table = with_one_seed(best_table(3), "vgg_augmented")
    picture = draw(FIGURE, labels, table)
    assert [text.get_text() for text in picture.legends[0].get_texts()] == [
        "CNN: Adam, best of 2 on validation (n = 3)",
        "VGG-16, augmented, best of 2 on validation (n = 1)",
    ]
    offsets = [
        c.get_offsets() for c in picture.axes[0].collections if isinstance(c, PathCollection)
    ]
    assert sum(len(points) for points in offsets) == 9  # of Adam alone


def test_several_seeds_stand_as_small_dots(labels: dict[str, str]) -> None:
    def dots(seeds: int) -> int:
        axes = draw(FIGURE, labels, best_table(seeds)).axes[0]
        offsets = [c.get_offsets() for c in axes.collections if isinstance(c, PathCollection)]
        return sum(len(points) for points in offsets)

    assert dots(1) == 0
    assert dots(3) == 18


def test_one_seeds_interval_is_wilsons() -> None:
    rows = pd.DataFrame({"accuracy": [0.9], "images": [100]})
    # Wilson 1927 with z = 1.959964: centre (p + z^2/2n) / (1 + z^2/n).
    assert interval(rows) == pytest.approx((0.8256343, 0.9447708), abs=1e-6)


def test_several_seeds_interval_is_students() -> None:
    rows = pd.DataFrame({"accuracy": [0.90, 0.92, 0.94], "images": [100] * 3})
    half = 4.302653 * 0.02 / np.sqrt(3)
    assert interval(rows) == pytest.approx((0.92 - half, 0.92 + half), abs=1e-6)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.integers(1, 10_000))
def test_an_interval_holds_the_mean_and_stays_between_0_and_1(
    accuracies: list[float], images: int
) -> None:
    rounded = [round(a * images) / images for a in accuracies]
    low, high = interval(pd.DataFrame({"accuracy": rounded, "images": images}))
    assert 0 <= low <= np.mean(rounded) + 1e-9
    assert np.mean(rounded) - 1e-9 <= high <= 1


def test_two_chosen_arms_are_refused(labels: dict[str, str]) -> None:
    table = best_table(1)
    with pytest.raises(ValueError, match="the group CNN has 2 chosen arms"):
        draw(FIGURE, labels, table.assign(chosen=True))


def test_a_test_set_without_labels_is_left_out(labels: dict[str, str]) -> None:
    table = best_table(1)
    axes = draw(FIGURE, labels, table[table["part"] != "test"]).axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["training", "validation"]


def test_a_part_that_one_group_lacks_is_named(labels: dict[str, str]) -> None:
    table = best_table(1)
    lacking = table[~((table["arm"] == "adam") & (table["part"] == "test"))]
    with pytest.raises(ValueError, match="no accuracy of adam on test images"):
        draw(FIGURE, labels, lacking)
