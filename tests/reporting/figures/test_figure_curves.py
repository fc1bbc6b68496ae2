"""Curves: dashes, bands, missing epochs, the second panel and the legend."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from ablation.reporting.config import CurvesFigure
from ablation.reporting.figures.curves import draw, over_seeds, spread
from tests.reporting.figures.tables import MAJORITY, curves_table, with_one_seed

ARMS = ["baseline", "adam", "sgd"]


def figure(arms: list[str] = ARMS, last: float | None = None) -> CurvesFigure:
    return CurvesFigure(kind="curves", title="Optimizers", paper="figure 5", arms=arms, last=last)


def lines(axes: Axes) -> dict[str, Line2D]:
    return {str(line.get_label()): line for line in axes.lines}


def test_training_is_dashed_and_validation_solid_in_the_arms_colour(labels: dict[str, str]) -> None:
    picture = draw(figure(), labels, curves_table(ARMS, 1))
    drawn = lines(picture.axes[0])
    for arm in ARMS:
        training, validation = drawn[f"{arm} train_accuracy"], drawn[f"{arm} validation_accuracy"]
        assert training.get_linestyle() == "--"
        assert validation.get_linestyle() == "-"
        assert training.get_color() == validation.get_color()
    assert len({line.get_color() for name, line in drawn.items() if "train" in name}) == len(ARMS)


def test_axes_have_units_and_the_data_are_percent_over_epochs(labels: dict[str, str]) -> None:
    table = curves_table(ARMS, 1)
    axes = draw(figure(), labels, table).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Epoch", "Accuracy (%)")
    expected = table[(table["arm"] == "adam") & (table["metric"] == "validation_accuracy")]
    x, y = lines(axes)["adam validation_accuracy"].get_data()
    assert list(x) == list(expected["epoch"])
    assert list(y) == pytest.approx(list(expected["value"] * 100))


def test_an_arm_of_fewer_seeds_has_their_number_and_no_band(labels: dict[str, str]) -> None:
    picture = draw(figure(), labels, with_one_seed(curves_table(ARMS, 3), "adam"))
    assert set(names(picture.axes[0])) == {"baseline", "Adam (n = 1)", "SGD"}
    assert len(picture.axes[0].collections) == 2
    texts = [text.get_text() for text in picture.legends[0].get_texts()]
    assert texts[-1] == "95% t interval over 3 seeds, validation"


def test_two_seeds_have_no_band(labels: dict[str, str]) -> None:
    picture = draw(figure(), labels, curves_table(ARMS, 2))
    assert not any(axes.collections for axes in picture.axes)
    texts = [text.get_text() for text in picture.legends[0].get_texts()]
    assert texts == ["training", "validation"]


def names(axes: Axes) -> dict[str, float]:
    """The names at the ends of lines -> their height, in the axis's unit."""
    return {
        text.get_text(): float(text.xyann[1]) for text in axes.texts if text.arrow_patch is not None
    }


def test_each_arm_s_name_stands_at_the_end_of_its_line_and_the_legend_says_the_rest(
    labels: dict[str, str],
) -> None:
    table = curves_table(ARMS, 3)
    picture = draw(figure(), labels, table)
    placed = names(picture.axes[0])
    assert set(placed) == {"baseline", "Adam", "SGD"}
    ends = {arm: over_seeds(table, arm, "validation_accuracy")["mean"].iloc[-1] for arm in ARMS}
    assert sorted(placed, key=lambda name: placed[name]) == [
        {"baseline": "baseline", "adam": "Adam", "sgd": "SGD"}[arm]
        for arm in sorted(ends, key=lambda arm: ends[arm])
    ]
    texts = [text.get_text() for text in picture.legends[0].get_texts()]
    assert texts == ["training", "validation", "95% t interval over 3 seeds, validation"]


@given(st.lists(st.floats(0, 100), min_size=1, max_size=9))
def test_names_never_meet_and_keep_their_order(wanted: list[float]) -> None:
    places = spread(wanted, 5.0, 0.0, 100.0)
    order = sorted(range(len(wanted)), key=lambda k: wanted[k])
    gaps = np.diff([places[k] for k in order])
    assert (gaps >= 5.0 - 1e-6).all()
    assert max(places) <= 100 + 1e-6
    if min(np.diff(sorted(wanted)), default=5.0) >= 5.0:
        assert places == pytest.approx(wanted)


def test_one_seed_draws_no_band_and_three_one_interval_an_arm(labels: dict[str, str]) -> None:
    assert not draw(figure(), labels, curves_table(ARMS, 1)).axes[0].collections
    table = curves_table(ARMS, 3)
    axes = draw(figure(), labels, table).axes[0]
    assert len(axes.collections) == len(ARMS)  # of validation alone
    baseline = over_seeds(table, "baseline", "validation_accuracy")
    vertices = axes.collections[0].get_paths()[0].vertices
    assert vertices[:, 1].min() == pytest.approx(baseline["low"].min())
    assert vertices[:, 1].max() == pytest.approx(baseline["high"].max())


def test_the_line_is_the_mean_over_seeds_in_percent_with_student_s_interval() -> None:
    rows = [
        ("a", seed, 1, "train_accuracy", value, 0.2) for seed, value in enumerate((0.2, 0.3, 0.7))
    ]
    columns = ["arm", "seed", "epoch", "metric", "value", "majority_share"]
    line = over_seeds(pd.DataFrame(rows, columns=columns), "a", "train_accuracy")
    half = 4.302653 * np.std([20, 30, 70], ddof=1) / np.sqrt(3)
    assert line.loc[1].to_dict() == pytest.approx(
        {"mean": 40, "low": 40 - half, "high": 40 + half}, rel=1e-6
    )


def test_an_epoch_that_a_seed_lacks_is_left_out_and_not_averaged() -> None:
    table = curves_table(["adam"], 3)
    lacking = table[~((table["seed"] == 1) & (table["epoch"] == 4))]
    line = over_seeds(lacking, "adam", "validation_accuracy")
    whole = over_seeds(table, "adam", "validation_accuracy")
    assert 4 not in line.index
    pd.testing.assert_frame_equal(line, whole.drop(index=4))


def test_the_second_panel_shows_the_last_share_of_the_epochs(labels: dict[str, str]) -> None:
    picture = draw(figure(last=1 / 6), labels, curves_table(ARMS, 1, epochs=30))
    left, right = picture.axes
    assert (left.get_title(), right.get_title()) == ("All epochs", "Last 5 epochs")
    assert list(lines(right)["sgd train_accuracy"].get_xdata()) == [26, 27, 28, 29, 30]
    assert len(lines(left)["sgd train_accuracy"].get_xdata()) == 30
    assert left.get_ylim()[1] > 100 > left.get_ylim()[0]
    low, high = right.get_ylim()
    assert high - low < 40


def test_names_stand_in_the_last_panel_alone(labels: dict[str, str]) -> None:
    left, right = draw(figure(last=0.5), labels, curves_table(ARMS, 1)).axes
    assert names(left) == {}
    assert len(names(right)) == len(ARMS)


def test_arms_may_have_different_numbers_of_epochs(labels: dict[str, str]) -> None:
    table = pd.concat([curves_table(["adam"], 1, 3), curves_table(["sgd"], 1, 9)])
    axes = draw(figure(["adam", "sgd"]), labels, table).axes[0]
    assert axes.get_xlim()[1] > 9
    assert len(lines(axes)["adam train_accuracy"].get_xdata()) == 3


def test_the_majority_classes_of_both_data_sets_are_dotted(labels: dict[str, str]) -> None:
    table = curves_table(["adam", "sgd"], 1)
    table.loc[table["arm"] == "sgd", "majority_share"] = 0.114
    picture = draw(figure(["adam", "sgd"]), labels, table)
    dotted = [line for line in picture.axes[0].lines if line.get_linestyle() == ":"]
    assert [line.get_ydata()[0] for line in dotted] == [27.1, 11.4]
    texts = [text for text in picture.axes[0].texts if text.arrow_patch is None]
    assert [text.get_text() for text in texts] == [
        "commonest label, 27.1%",
        "commonest label, 11.4%",
    ]
    curves = lines(picture.axes[0])
    assert [line.get_color() for line in dotted] == [
        curves[f"{arm} train_accuracy"].get_color() for arm in ("adam", "sgd")
    ]
    alone = draw(figure(), labels, curves_table(ARMS, 1)).axes[0]
    (text,) = [text.get_text() for text in alone.texts if text.arrow_patch is None]
    assert text == f"commonest label, {MAJORITY:.1%}"


def test_one_epoch_still_shows_a_mark(labels: dict[str, str]) -> None:
    axes = draw(figure(["adam"]), labels, curves_table(["adam"], 1, 1)).axes[0]
    assert axes.get_xlim() == (0.5, 1.5)
    assert lines(axes)["adam train_accuracy"].get_marker() not in ("", "None", None)


def test_an_arm_without_curves_is_named(labels: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="no train_accuracy of the arm sgd"):
        draw(figure(), labels, curves_table(["baseline", "adam"], 1))
