"""What each kind of figure draws: which marks, which numbers, which legend."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from ablation.reporting.figures.best import interval
from ablation.reporting.figures.curves import over_seeds
from ablation.statistics.intervals import level_interval
from tests.reporting.figures.tables import (
    LABELS,
    MAJORITY,
    architectures_table,
    best_table,
    curves_table,
    density_table,
    forest_table,
    ladder_tables,
    samples,
    with_one_seed,
)
from tests.reporting.figures.test_all_kinds import ARMS, drawn

MINUS, SPACE, DASH = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}", "\N{EN DASH}"


def legend(picture: Figure, which: int = -1) -> list[str]:
    return [text.get_text() for text in picture.legends[which].get_texts()]


# --- curves -----------------------------------------------------------------------------------


def test_training_is_dashed_and_validation_solid_in_the_arms_colour(tmp_path: Path) -> None:
    table = curves_table(ARMS, 3)
    axes = drawn("curves", table, tmp_path, last=None).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Epoch", "Accuracy (%)")
    for index, arm in enumerate(ARMS):
        training, validation = axes.lines[2 * index : 2 * index + 2]
        assert (training.get_linestyle(), validation.get_linestyle()) == ("--", "-")
        assert training.get_color() == validation.get_color()
        expected = over_seeds(table, arm, "validation_accuracy")
        assert list(validation.get_ydata()) == pytest.approx(list(expected["mean"]))
        vertices = axes.collections[index].get_paths()[0].vertices  # of validation alone
        assert vertices[:, 1].min() == pytest.approx(expected["low"].min())
        assert vertices[:, 1].max() == pytest.approx(expected["high"].max())
    assert len({line.get_color() for line in axes.lines[: 2 * len(ARMS)]}) == len(ARMS)


def test_arms_stand_as_they_end_and_those_of_fewer_seeds_say_so(tmp_path: Path) -> None:
    table = with_one_seed(curves_table(ARMS, 3), "adam")
    picture = drawn("curves", table, tmp_path)
    ends = {arm: over_seeds(table, arm, "validation_accuracy")["mean"].iloc[-1] for arm in ARMS}
    names = {"baseline": "baseline", "adam": f"Adam (n{SPACE}={SPACE}1)", "sgd": "SGD"}
    assert legend(picture, 0) == [names[arm] for arm in sorted(ARMS, key=lambda arm: -ends[arm])]
    assert legend(picture) == ["training", "validation", "95% t interval over 3 seeds, validation"]
    two = drawn("curves", curves_table(ARMS, 2), tmp_path)
    assert legend(two) == ["training", "validation"]  # of two there is no band


def test_the_line_is_the_mean_over_seeds_with_student_s_interval_and_no_gap() -> None:
    rows = [("a", seed, 1, "m", value) for seed, value in enumerate((0.3, 0.4, 0.5))]
    rows += [("b", seed, 1, "m", value) for seed, value in enumerate((0.2, 0.3, 0.7))]
    table = pd.DataFrame(rows, columns=["arm", "seed", "epoch", "metric", "value"])
    half = 4.302653 * 10 / np.sqrt(3)
    (line,) = over_seeds(table, "a", "m").to_dict("records")
    assert line == pytest.approx({"mean": 40, "low": 40 - half, "high": 40 + half}, rel=1e-6)
    (wide,) = over_seeds(table, "b", "m").to_dict("records")  # from -26 to 106, Student's alone
    assert wide == pytest.approx({"mean": 40, "low": 0, "high": 100})


def test_the_second_panel_shows_the_last_share_of_the_epochs(tmp_path: Path) -> None:
    left, right = drawn("curves", curves_table(ARMS, 1, epochs=30), tmp_path).axes
    assert (left.get_title(), right.get_title()) == ("All epochs", "Epochs 26 to 30")
    assert list(right.lines[0].get_xdata()) == [26, 27, 28, 29, 30]
    assert len(left.lines[0].get_xdata()) == 30
    assert np.ptp(right.get_ylim()) < 40 < 100 < left.get_ylim()[1]


def test_of_an_arm_with_a_stuck_run_each_run_is_drawn(tmp_path: Path) -> None:
    table = curves_table(["adam", "sgd"], 3, epochs=30)
    run = (table["arm"] == "sgd") & (table["seed"] == 1)
    table.loc[run, ["value", "stuck"]] = MAJORITY, True
    left, right = drawn("curves", table, tmp_path, arms=["adam", "sgd"]).axes
    thin = [[line for line in axes.lines if line.get_linewidth() < 1] for axes in (left, right)]
    assert [len(lines) for lines in thin] == [2 * 3, 2 * 2]  # training and validation of each run
    assert any(np.ptp(line.get_ydata()) == 0 for line in thin[0])
    assert right.get_ylim()[0] > 100 * MAJORITY
    assert len(left.collections) == 1  # no band of the mixture


def test_arms_may_have_different_numbers_of_epochs_and_majority_classes(tmp_path: Path) -> None:
    table = pd.concat([curves_table(["adam"], 1, 1), curves_table(["sgd"], 1, 9)])
    table.loc[table["arm"] == "sgd", "majority_share"] = 0.114
    axes = drawn("curves", table, tmp_path, arms=["adam", "sgd"], last=None).axes[0]
    assert [len(line.get_xdata()) for line in axes.lines[:4]] == [1, 1, 9, 9]
    dotted = axes.lines[4:]
    assert [line.get_ydata()[0] for line in dotted] == [27.1, 11.4]
    assert [text.get_text() for text in axes.texts] == [
        "majority class, 27.1%", "majority class, 11.4%",
    ]  # fmt: skip
    table.loc[table["arm"] == "sgd", "majority_share"] = 0.25
    axes = drawn("curves", table, tmp_path, arms=["adam", "sgd"], last=None).axes[0]
    assert [text.get_text() for text in axes.texts] == ["majority class, 27.1 and 25.0%"]
    assert [line.get_color() for line in dotted] == [axes.lines[k].get_color() for k in (0, 2)]


# --- the forest of differences ----------------------------------------------------------------


def names(axes: Axes) -> list[str]:
    return [text.get_text().replace("\n", " ") for text in axes.get_yticklabels()]


def marks(axes: Axes, marker: str) -> list[tuple[float, str]]:
    """(x, fill) of each mark, from top to bottom."""
    lines = [line for line in axes.lines if line.get_marker() == marker]
    lines.sort(key=lambda line: float(line.get_ydata()[0]))
    return [(float(line.get_xdata()[0]), to_hex(line.get_markerfacecolor())) for line in lines]


def near(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(table[table["other"] != "vgg_raw"])


def test_near_pairs_stand_above_and_far_ones_below_on_an_axis_of_their_own(tmp_path: Path) -> None:
    table = forest_table(10)
    wide = (table["arm"] == "sgd") & (table["other"] == "adam") & (table["metric"] != "validation")
    table.loc[wide, ["low", "high"]] = [-0.15, 0.02]  # a small difference, and far from sure
    axes = drawn("forest", table, tmp_path).axes
    assert [each.get_title() for each in axes[:2]] == ["Validation accuracy", "Test accuracy"]
    assert names(axes[0]) == [
        "Optimizers", f"Adam {MINUS} baseline", f"SGD {MINUS} baseline",
        f"dense 512 and 32 {MINUS} baseline", f"VGG-16, augmented {MINUS} baseline",
    ]  # fmt: skip
    assert names(axes[2]) == [f"SGD {MINUS} Adam", f"VGG-16, augmented {MINUS} VGG-16, raw"]
    assert axes[0].get_xlim() == axes[1].get_xlim()
    assert np.ptp(axes[0].get_xlim()) < 20 < np.ptp(axes[2].get_xlim())


@pytest.mark.parametrize("n", [1, 10])
def test_marks_are_differences_in_points_with_their_intervals(n: int, tmp_path: Path) -> None:
    table = near(forest_table(n))
    axes = drawn("forest", table, tmp_path).axes[0]
    rows = table[table["metric"] == "validation_accuracy"]
    for marker, found in (("o", ["higher", "lower", "open"]), ("s", ["equal"])):
        of = rows[rows["found"].isin(found)]
        drawn_marks = marks(axes, marker)
        assert [x for x, _ in drawn_marks] == pytest.approx(list(of["difference"] * 100))
        assert [fill != "#ffffff" for _, fill in drawn_marks] == list(
            of["found"].isin(["higher", "lower"])
        )
    bars = [line for line in axes.lines if len(line.get_xdata()) == 2][1:]  # the first is 0
    assert len(bars) == (len(rows) if n > 1 else 0)  # of one run no interval has an end
    text = axes.texts[0].get_text()
    assert text == f"{MINUS}1.2" + (f" [{MINUS}1.8, {MINUS}0.6]" if n > 1 else "")


def test_an_interval_without_an_end_goes_to_the_axis_s(tmp_path: Path) -> None:
    table = near(forest_table(10))
    table.loc[table["arm"] == "adam", "low"] = -np.inf
    axes = drawn("forest", table, tmp_path).axes[0]
    bars = [line for line in axes.lines if len(line.get_xdata()) == 2][1:]
    assert bars[0].get_xdata()[0] == axes.get_xlim()[0]
    assert axes.texts[0].get_text() == f"{MINUS}1.2 [{MINUS}∞, {MINUS}0.6]"


def test_the_forest_s_legend_says_what_is_drawn_alone(tmp_path: Path) -> None:
    few = drawn("forest", near(with_one_seed(forest_table(10), "vgg_augmented")), tmp_path)
    assert f"VGG-16, augmented {MINUS} baseline (n{SPACE}={SPACE}1,{SPACE}10)" in names(few.axes[0])
    assert legend(few) == [
        "significant: p below 0.05 after Holm's correction",
        "equal: 90% interval within the margin", "open", "the paper's, of single runs",
        "margin of equality, 0.5 points",
    ]  # fmt: skip
    one = drawn("forest", near(forest_table(1)), tmp_path)
    assert legend(one)[0] == "open"
    assert [x for x, _ in marks(one.axes[0], "D") if not np.isnan(x)] == pytest.approx([0.8])


def test_a_metric_that_only_some_pairs_have_leaves_the_others_panel_empty(tmp_path: Path) -> None:
    table = forest_table(3)
    measured = (table["metric"] == "validation_accuracy") | (table["difference"] > 0.1)
    near, unmeasured, *far = drawn("forest", table[measured], tmp_path).axes
    drawn_in = [len(marks(axes, "o") + marks(axes, "s")) for axes in (near, unmeasured, *far)]
    assert drawn_in == [5, 0, 1, 1]


# --- ladder -----------------------------------------------------------------------------------


def test_a_rung_has_its_shift_with_the_interval_beside_what_the_paper_says(tmp_path: Path) -> None:
    picture = drawn("ladder", ladder_tables(), tmp_path)
    above, far, near, paper = (axes for axes in picture.axes if axes.axison)
    titles = [axes.get_title(loc="left").strip() for axes in (far, near, paper)]
    pair = f"VGG-16, augmented {MINUS}\nbaseline"
    assert titles == [pair, f"baseline {MINUS}\ndense 512 and 32", pair]
    heads = [text.get_text() for axes in picture.axes if not axes.axison for text in axes.texts]
    assert heads == ["Images to 80% accuracy (thousands)", "Validation accuracy (points)"]
    shifts = [sorted(marks(axes, mark)) for axes, mark in ((far, "^"), (far, "o"), (near, "o"))]
    assert shifts == [[(8, "#0072b2")], [(40, "#ffffff")], [(8, "#0072b2"), (40, "#ffffff")]]
    assert [x for x, _ in marks(paper, "D")] == [43]
    bars = [line.get_ydata() for line in near.lines if list(line.get_xdata()) == [8, 8]]
    assert list(bars[0]) == pytest.approx([2, 18])
    shaded = [axes.patches[0].get_extents().transformed(axes.transData.inverted())
              for axes in (far, near, paper)]  # fmt: skip
    assert shaded[0].y1 == pytest.approx(0)  # lower
    assert (shaded[1].y0, shaded[1].y1) == pytest.approx((-0.5, 0.5))
    assert shaded[2].y0 == pytest.approx(0)

    medians = [line for line in above.lines if len(line.get_xdata()) == 2]
    assert [list(line.get_ydata()) for line in medians] == [pytest.approx([80, 94])] * 2
    assert sum(len(dots.get_offsets()) for dots in above.collections) == 12
    hollow = [line.get_ydata()[0] for line in above.lines if line.get_marker() == "D"]
    assert hollow[1] == pytest.approx(96.3)
    assert legend(picture) == ["95% interval excludes 0", "includes 0",
                               "the paper's, of single runs", "what the paper says"]  # fmt: skip


# --- best -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seeds", [1, 3])
def test_dots_are_the_means_of_the_chosen_arms(seeds: int, tmp_path: Path) -> None:
    table = best_table(seeds)
    picture = drawn("best", table, tmp_path)
    axes = picture.axes[0]
    parts = ["training", "validation", "test"]
    expected = [
        100 * table.loc[(table["arm"] == arm) & (table["part"] == part), "accuracy"].mean()
        for arm in ("adam", "vgg_augmented")
        for part in parts
    ]
    assert [bar[0].get_ydata()[0] for bar in axes.containers] == pytest.approx(expected)
    assert [text.get_text() for text in axes.texts] == [f"{value:.1f}" for value in expected]
    assert [text.get_text() for text in axes.get_xticklabels()] == parts
    dots = [points for points in axes.collections if len(points.get_offsets()) == seeds > 1]
    assert len(dots) == (6 if seeds > 1 else 0)
    assert legend(picture) == [
        "CNN: Adam, best of 2 on validation", "VGG-16, augmented, best of 2 on validation",
        "the paper's, of single runs",
    ]  # fmt: skip
    marks = [line.get_ydata()[0] for line in axes.lines if line.get_marker() == "D"]
    assert marks == pytest.approx([95.5, 96.3, 96.3])


def test_groups_of_other_seeds_say_theirs_and_without_labels_there_is_no_test(
    tmp_path: Path,
) -> None:
    table = with_one_seed(best_table(3), "vgg_augmented")
    picture = drawn("best", table[table["part"] != "test"], tmp_path)
    assert [text[-7:] for text in legend(picture)] == ["(n = 3)", "(n = 1)", "le runs"]
    assert len(picture.axes[0].containers) == 4
    some = table[(table["part"] != "test") | (table["group"] == "CNN")]  # on images of its own
    assert len(drawn("best", some, tmp_path).axes[0].containers) == 5


def test_one_seeds_interval_is_wilsons_and_several_students() -> None:
    one = pd.DataFrame({"accuracy": [0.9], "images": [100]})
    # Wilson 1927 with z = 1.959964: centre (p + z^2/2n) / (1 + z^2/n).
    assert interval(one) == pytest.approx((0.8256343, 0.9447708), abs=1e-6)
    several = pd.DataFrame({"accuracy": [0.90, 0.92, 0.94], "images": 100, "part": "validation"})
    half = 4.302653 * 0.02 / np.sqrt(3)
    assert interval(several) == pytest.approx((0.92 - half, 0.92 + half), abs=1e-6)
    assert interval(several.assign(accuracy=[1.0, 0.9, 1.0]))[1] == 1.0
    # All seeds share the test images, so theirs is joined, as in the table of arms.
    shared = level_interval(several["accuracy"].to_numpy(), 100)
    assert shared is not None
    assert interval(several.assign(part="test")) == pytest.approx(tuple(shared))


# --- labels, networks, samples ----------------------------------------------------------------


def test_bars_are_the_shares_of_both_parts_and_marks_those_of_all(tmp_path: Path) -> None:
    table = density_table()
    picture = drawn("label_density", table, tmp_path)
    rows = table[table["data_set"] == "modified"].set_index("part")
    axes = picture.axes[0]
    for bars, part in zip(axes.containers, ("training", "validation"), strict=True):
        heights = [bar.get_height() for bar in bars]
        assert heights == pytest.approx(list(rows.loc[part, "density"] * 100))
    circles, dashes = axes.lines
    assert list(circles.get_ydata()) == pytest.approx(list(rows.loc["combined", "density"] * 100))
    assert dashes.get_ydata()[9] == pytest.approx(27.1)
    assert legend(picture) == [
        "training (n = 20,000)", "validation (n = 4,996)", "combined (n = 24,996)",
        "if digits are independent",
    ]  # fmt: skip


def test_every_layer_stands_with_shape_and_parameters(tmp_path: Path) -> None:
    table = architectures_table()
    third = table[table["arm"] == "head_512_32"].assign(arm="adam")
    arms = ["vgg_augmented", "head_512_32", "adam"]
    picture = drawn("architectures", pd.concat([table, third]), tmp_path, arms=arms)
    assert [bool(axes.texts) for axes in picture.axes] == [True, True, True, False]
    texts = [text.get_text() for text in picture.axes[0].texts]
    assert texts[0] == LABELS["vgg_augmented"]
    cells = [tuple(texts[k : k + 3]) for k in range(1, len(texts), 3)]
    assert set(cells) == {
        ("Layer", "Output shape", "Parameters"), ("images", "(n, 72, 72)", DASH),
        ("scaled", "(n, 72, 72, 1)", DASH), ("block1_conv1", "(n, 72, 72, 64)", "frozen 1,792"),
        ("block1_pool", "(n, 36, 36, 64)", DASH), ("logits", "(n, 10)", "10,250"),
        ("5 layers", "", "12,042"),
    }  # fmt: skip
    assert legend(picture) == ["convolution", "dense", "pooling"]


@pytest.mark.parametrize("steps", [("raw", "scaled", "thresholded", "padded"), ("scaled",)])
def test_each_step_of_each_image_stands_pseudocoloured_and_grey(
    steps: tuple[str, ...], tmp_path: Path
) -> None:
    arrays = samples(steps)
    picture = drawn("augmentation", arrays, tmp_path)
    axes = [each for each in picture.axes if each.images]
    images = [each.images[0] for each in axes]
    assert len(images) == 2 * 3 * len(steps)
    assert {image.get_cmap().name for image in images} == {"viridis", "gray"}
    np.testing.assert_array_equal(images[0].get_array(), arrays[f"step_{steps[0]}"][0])
    assert images[0].get_clim() == (0, 255 if steps[0] == "raw" else 1)
    assert [each.get_title() for each in axes if each.get_title()] == [*steps, *steps]
    lowest = [each for each in axes if each.get_xlabel() == "x (px)"]
    widths = [str(arrays[f"step_{step}"].shape[2]) for step in steps]
    assert [each.get_xticklabels()[-1].get_text() for each in lowest] == widths * 2
    rows = [each.get_ylabel() for each in axes if each.get_ylabel()]
    assert rows == ["no. 9666\nlabel 9", "no. 12019\nlabel 7", "no. 22488\nlabel 4"]
    bars = [each.get_xlim()[1] for each in picture.axes if each.get_xlabel() == "grey value"]
    assert bars == ([255, 1] if "raw" in steps else [1]) * 2
