"""The forest plot: every pair, its interval, the paper's mark, and what is told apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from ablation.base.errors import UserError
from ablation.reporting.config import ForestFigure
from ablation.reporting.figures.forest import draw
from tests.reporting.figures.tables import forest_table, with_one_seed

MINUS, SPACE = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}"
FIGURE = ForestFigure(
    kind="forest", title="t", paper="p", metrics=["validation_accuracy", "test_accuracy"]
)


def names(axes: Axes) -> list[str]:
    return [text.get_text().replace("\n", " ") for text in axes.get_yticklabels()]


def marks(axes: Axes, marker: str) -> list[tuple[float, str]]:
    """(x, fill) of each mark, from top to bottom."""
    lines = [line for line in axes.lines if line.get_marker() == marker]
    lines.sort(key=lambda line: float(line.get_ydata()[0]))
    return [(float(line.get_xdata()[0]), to_hex(line.get_markerfacecolor())) for line in lines]


def test_a_difference_of_fewer_seeds_says_how_many(labels: dict[str, str]) -> None:
    picture = draw(FIGURE, labels, with_one_seed(forest_table(10), "vgg_augmented"))
    few = f"VGG-16, augmented (n{SPACE}={SPACE}1)"
    told = [name for axes in picture.axes[::2] for name in names(axes) if "(n" in name]
    assert told == [few, f"VGG-16, augmented {MINUS} VGG-16, raw (n{SPACE}={SPACE}1)"]
    assert "[" not in picture.axes[0].texts[names(picture.axes[0]).index(few) - 1].get_text()
    told = [text.get_text() for text in picture.legends[0].get_texts()]
    assert any("(n = 1 to 10)" in text for text in told)


def near(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        table[~table["arm"].str.startswith("vgg_raw") & (table["other"] != "vgg_raw")]
    )


def test_near_arms_stand_above_and_far_ones_below_each_baseline_first(
    labels: dict[str, str],
) -> None:
    axes = draw(FIGURE, labels, forest_table(3)).axes
    assert names(axes[0]) == [
        f"arm {MINUS} baseline", "Adam", "SGD", "dense 512 and 32", "VGG-16, augmented",
        "other pairs", f"SGD {MINUS} Adam",
    ]  # fmt: skip
    assert names(axes[2]) == [
        f"arm {MINUS} baseline", "VGG-16, raw", "other pairs",
        f"VGG-16, augmented {MINUS} VGG-16, raw",
    ]  # fmt: skip


def test_a_small_difference_with_a_wide_interval_stands_with_the_far_ones(
    labels: dict[str, str],
) -> None:
    table = forest_table(10)
    wide = (table["arm"] == "sgd") & (table["metric"] == "test_accuracy")
    table.loc[wide & (table["other"] == "baseline"), ["low", "high"]] = [-0.15, 0.02]
    axes = draw(FIGURE, labels, table).axes
    assert "SGD" not in names(axes[0])
    assert "SGD" in names(axes[2])
    for panel in axes[:2]:
        assert np.abs(panel.get_xlim()).max() < 10


def test_every_axis_is_linear_and_as_wide_as_its_rows_in_both_panels(
    labels: dict[str, str],
) -> None:
    axes = draw(FIGURE, labels, forest_table(3)).axes
    assert {each.get_xscale() for each in axes} == {"linear"}
    assert axes[0].get_xlim() == axes[1].get_xlim()
    assert np.ptp(axes[0].get_xlim()) < 20 < np.ptp(axes[2].get_xlim())
    assert len(draw(FIGURE, labels, near(forest_table(3))).axes) == 2


@pytest.mark.parametrize("seeds", [1, 3, 10])
def test_marks_are_differences_in_points_with_their_numbers(
    labels: dict[str, str], seeds: int
) -> None:
    table = near(forest_table(seeds))
    picture = draw(FIGURE, labels, table)
    assert [axes.get_title() for axes in picture.axes] == ["Validation accuracy", "Test accuracy"]
    for axes, metric in zip(picture.axes, FIGURE.metrics, strict=True):
        rows = table[table["metric"] == metric]
        expected = rows["difference"] * 100
        assert [x for x, _ in marks(axes, "o")] == pytest.approx(list(expected))
        assert len(axes.texts) == len(expected)
        text = axes.texts[0].get_text()
        assert text.startswith(f"{MINUS}{abs(expected.iloc[0]):.1f}")
        assert ("[" in text) == (seeds > 1)


def test_bars_are_the_intervals_and_one_seed_has_none(labels: dict[str, str]) -> None:
    def bars(seeds: int) -> list[np.ndarray]:
        axes = draw(FIGURE, labels, near(forest_table(seeds))).axes[0]
        lines = [line for line in axes.lines if len(line.get_xdata()) == 2]
        return [np.asarray(line.get_xdata()) for line in lines if line.get_ydata()[0] > 0.5]

    first = forest_table(3).iloc[0]
    assert len(bars(3)) == 5
    assert list(bars(3)[0]) == pytest.approx([first["low"] * 100, first["high"] * 100])
    assert bars(1) == []


def test_only_what_is_told_apart_is_filled(labels: dict[str, str]) -> None:
    table = near(forest_table(10))
    told = table["verdict"].isin(["better", "worse"])[table["metric"] == "validation_accuracy"]
    filled = [fill != "#ffffff" for _, fill in marks(draw(FIGURE, labels, table).axes[0], "o")]
    assert filled == list(told)
    assert set(filled) == {True, False}
    few = marks(draw(FIGURE, labels, near(forest_table(3))).axes[0], "o")
    assert {fill for _, fill in few} == {"#ffffff"}


def test_the_paper_s_difference_is_a_mark_of_its_own(labels: dict[str, str]) -> None:
    picture = draw(FIGURE, labels, forest_table(3))
    assert [x for x, _ in marks(picture.axes[0], "D")] == pytest.approx([0.8])
    texts = [text.get_text() for text in picture.legends[0].get_texts()]
    assert texts == [
        "mean of paired differences, 95% interval (n = 3)",
        "the paper's, of single runs",
    ]


def test_the_margin_is_drawn_only_where_something_can_be_decided(labels: dict[str, str]) -> None:
    decided = draw(FIGURE, labels, forest_table(10))
    assert decided.legends[0].get_texts()[-1].get_text() == "margin of equivalence, 0.5 points"
    assert decided.axes[0].patches
    assert not draw(FIGURE, labels, forest_table(3)).axes[0].patches


def test_a_metric_that_no_run_has_has_no_panel(labels: dict[str, str]) -> None:
    picture = draw(FIGURE, labels, near(forest_table(3, ("validation",))))
    assert [axes.get_title() for axes in picture.axes] == ["Validation accuracy"]


def test_epochs_are_no_points_and_have_no_margin(labels: dict[str, str]) -> None:
    table = forest_table(3, ("validation",)).assign(unit="epochs", margin=np.nan)
    table[["difference", "low", "high"]] *= 100
    axes = draw(FIGURE, labels, table).axes[0]
    assert [x for x, _ in marks(axes, "o")] == pytest.approx(list(table["difference"]))
    assert "epochs" in axes.get_xlabel()
    assert not axes.patches


def test_a_table_of_pairs_alone_has_one_head(labels: dict[str, str]) -> None:
    table = forest_table(3)
    axes = draw(FIGURE, labels, pd.DataFrame(table[table["group"] == "pairs"])).axes[0]
    assert names(axes) == ["other pairs", f"SGD {MINUS} Adam"]


def test_an_arm_without_a_label_is_named(labels: dict[str, str]) -> None:
    table = forest_table(3)
    arm = table["arm"].iloc[-1]
    del labels[arm]
    with pytest.raises(UserError, match=f"the arm {arm} no label"):
        draw(FIGURE, labels, table)
