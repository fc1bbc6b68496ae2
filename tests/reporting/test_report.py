"""The report: a whole page, numbers from the metrics, and notes that hold for this study."""

from __future__ import annotations

import math
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from ablation.composition.config import DataConfig
from ablation.reporting.captions.data_check import DataCheck, Line
from ablation.reporting.captions.verdicts import Comparisons, ImagesTest, Verdicts
from ablation.reporting.claims import Line as ClaimLine
from ablation.reporting.config import CurvesFigure
from ablation.reporting.metrics_table import COLUMNS, rows, shown, with_pace
from ablation.reporting.report import Illustration, notes, render
from ablation.study.config import StudyConfig

MINUS = "\N{MINUS SIGN}"
METRICS: dict[str, dict[str, float | None]] = {
    "baseline": {
        "train_accuracy": 0.9, "validation_accuracy": 0.85, "test_accuracy": 0.84,
        "test_macro_f1": 0.8123, "generalization_gap": 0.05, "epochs_to_95": 9.0,
        "stability": 0.0061, "images_per_second": 1030.4, "parameters": 600010.0,
    },
    "adam": {
        "train_accuracy": 0.95, "validation_accuracy": 0.83, "test_accuracy": 0.851,
        "generalization_gap": 0.12, "epochs_to_95": 6.5, "stability": None,
    },
    "simple": {"validation_accuracy": 0.27, "test_accuracy": math.nan},
    "simple_mnist": {"validation_accuracy": 0.99, "test_accuracy": 0.98},
}  # fmt: skip


def study(**changes: Any) -> StudyConfig:
    """What the report reads of a study, and no more."""
    content = {
        "scale": "laptop",
        "seeds": [0],
        "baseline": "baseline",
        "arms": {
            "simple_mnist": "simple CNN, original MNIST",
            "simple": "simple CNN",
            "baseline": "baseline <SGD & dropout>",
            "adam": "Adam",
        },
        "data_sets": {
            "simple_mnist": "mnist", "simple": "modified", "baseline": "modified",
            "adam": "modified",
        },
    }  # fmt: skip
    return StudyConfig.model_construct(**(content | changes))


def data(**changes: Any) -> DataConfig:
    """What the report reads of the data, and no more."""
    content = {
        "source": "composed", "canvas": 72, "tile": 28, "images": 25000, "test_images": 5000,
        "mnist_images": 20000, "mnist_test_images": 10000, "validation_fraction": 0.2,
    }  # fmt: skip
    return DataConfig.model_construct(**(content | changes))


def illustration(name: str, paper: str, caption: str = "Words.") -> Illustration:
    figure = CurvesFigure(kind="curves", title=name.title(), paper=paper, arms=["adam"], last=None)
    return Illustration(name, figure, caption, f"tables/{name}/data.csv")


class Page(HTMLParser):
    """What a page links to, its text, and whether every element was closed."""

    VOID = ("meta", "img", "br", "link", "input", "hr")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for key, value in attrs if key in ("href", "src") and value]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def page() -> Page:
    figures = [illustration("optimizer", "figure 5"), illustration("dropout", "figure 6, top")]
    return Page(render(study(), data(), METRICS, figures, {"simple": 0.27}))


def test_the_page_is_whole_and_needs_nothing_from_outside(page: Page) -> None:
    assert page.open == []
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert not [link for link in page.links if "//" in link or link.startswith("/")]


def test_every_figure_has_picture_number_caption_and_table(page: Page) -> None:
    for name in ("optimizer", "dropout"):
        for path in (f"figures/{name}.png", f"figures/{name}.svg", f"tables/{name}/data.csv"):
            assert path in page.links
    assert page.text.index("paper: figure 5") < page.text.index("paper: figure 6, top")
    assert page.text.count("Words.") == 2


def test_the_composed_images_have_their_table_and_picture_where_they_were_checked() -> None:
    line = Line("mean <grey>", "a note", "76", "75.9", "±8", "yes")
    checked = DataCheck("All is well.", "Crops.", [("water", [line])], [("rings", [line])])
    page = Page(render(study(), data(), METRICS, [], {}, checked=checked))
    assert page.open == []
    for path in ("figures/backgrounds.png", "figures/backgrounds.svg", "data_check.json"):
        assert path in page.links
    for text in ("All is well.", "Crops.", "water", "mean <grey>", "a note", "75.9", "not judged"):
        assert text in page.text
    without = Page(render(study(), data(), METRICS, [], {}))
    assert "data_check.json" not in without.links
    nothing = Page(render(study(), data(), METRICS, [], {}, checked=DataCheck("No.", "", [], [])))
    assert "figures/backgrounds.png" not in nothing.links


def test_every_column_is_defined(page: Page) -> None:
    for column in shown(METRICS):
        assert f"{column.head}: {column.definition}." in page.text


def test_text_is_escaped() -> None:
    html = render(study(), data(), METRICS, [illustration("a", "figure 5", "1 < 2 & 3")], {})
    assert "baseline &lt;SGD &amp; dropout&gt;" in html
    assert "1 &lt; 2 &amp; 3" in html


def test_the_same_results_give_the_same_page() -> None:
    pages = {render(study(), data(), METRICS, [illustration("a", "figure 5")], {}) for _ in "ab"}
    assert len(pages) == 1


def test_sizes_seeds_and_command_come_from_the_configuration() -> None:
    html = render(study(scale="smoke", seeds=[4, 7]), data(), METRICS, [], {})
    text = Page(html).text
    assert "25,000 images of 72" in text
    assert "20% of them for validation; 5,000 test images" in text
    assert "2 (4, 7)" in text
    assert "make repro SCALE=smoke" in text


def cells(
    arm: str, metrics: dict[str, dict[str, float | None]] = METRICS
) -> dict[str, tuple[str, str]]:
    (row,) = [row for row in rows(study(), metrics) if row.arm == arm]
    return dict(zip([column.key for column in shown(metrics)], row.cells, strict=True))


def test_numbers_are_written_with_their_units_and_differences() -> None:
    assert cells("adam")["validation_accuracy"] == ("83.0", f"{MINUS}2.0")
    assert cells("adam")["test_accuracy"] == ("85.1", "+1.1")
    assert cells("adam")["epochs_to_95"] == ("6.5", "")
    baseline = cells("baseline")
    assert baseline["validation_accuracy"] == ("85.0", "")
    assert baseline["test_macro_f1"] == ("0.812", "")
    assert baseline["generalization_gap"] == ("+5.0", "")
    assert baseline["epochs_to_95"] == ("9", "")
    assert baseline["stability"] == ("0.61", "")
    assert baseline["images_per_second"] == ("1,030", "")
    assert baseline["parameters"] == ("600,010", "")


def test_what_was_not_measured_is_a_dash() -> None:
    dash = ("\N{EN DASH}", "")
    assert cells("adam")["stability"] == dash  # None
    assert cells("adam")["parameters"] == dash  # absent
    assert cells("simple")["test_accuracy"] == dash  # not a number


EXTERNAL = {
    "external_accuracy": 0.75, "external_images": 84.0, "external_low": 0.6484,
    "external_high": 0.8301,
}  # fmt: skip


def test_an_external_accuracy_stands_with_its_interval_and_its_images() -> None:
    metrics = METRICS | {"adam": METRICS["adam"] | EXTERNAL}
    assert cells("adam", metrics)["external_accuracy"] == ("75.0", "64.8\N{EN DASH}83.0")
    assert cells("baseline", metrics)["external_accuracy"] == ("\N{EN DASH}", "")
    text = " ".join(notes(study(), data(), metrics, {}))
    assert "The external test set has 84 images" in text
    assert "each one's" not in text
    page = Page(render(study(), data(), metrics, [], {}))
    assert "External (%)" in page.text
    assert page.open == []


def test_without_an_external_test_set_nothing_is_said_of_one(page: Page) -> None:
    assert "xternal" not in page.text
    missing = {column.key for column in COLUMNS} - {column.key for column in shown(METRICS)}
    assert missing == {"external_accuracy", "minutes"}


def test_pace_is_the_mean_over_the_runs_whose_circumstances_are_known() -> None:
    first, *others = METRICS
    provenance = {
        f"{first}-0": {"history": "a", "seconds": 60.0, "images_per_second": 100.0},
        f"{first}-1": {"history": "b", "seconds": 180.0, "images_per_second": 300.0},
        f"{first}-2": {"history": "c"},
    }
    paced = with_pace(METRICS, study(seeds=[0, 1, 2]), provenance)
    assert (paced[first]["minutes"], paced[first]["images_per_second"]) == (2.0, 200.0)
    assert "minutes" in {column.key for column in shown(paced)}
    for arm in others:
        assert paced[arm] == METRICS[arm]


def test_the_competition_s_test_images_have_no_columns_and_a_note() -> None:
    metrics = {
        arm: {key: value for key, value in values.items() if not key.startswith("test_")}
        for arm, values in METRICS.items()
    }
    assert not [column for column in shown(metrics) if column.key.startswith("test_")]
    kaggle = data(source="kaggle", canvas=128)
    page = Page(render(study(), kaggle, metrics, [], {}))
    assert "the competition's own, its test images without labels" in page.text
    assert "5,000 test images" not in page.text
    assert "there is no test accuracy" in page.text
    assert "Test (%)" not in page.text


def test_an_arm_on_another_data_set_is_not_compared() -> None:
    assert cells("simple_mnist")["validation_accuracy"] == ("99.0", "")


def told(few: str = "", **changes: Any) -> str:
    majority = {"simple": 0.27, "adam": 0.27}
    return " ".join(notes(study(**changes), data(), METRICS, majority, few))


def test_what_the_seeds_do_not_allow_is_told_and_nothing_where_they_do() -> None:
    assert "Too few. Differences are printed and not tested." in told("Too few.")
    assert "mean of 3 seeds" in told(seeds=[0, 1, 2])
    assert "not tested" not in told()


def test_a_smaller_scale_says_what_it_changed_and_the_papers_does_not() -> None:
    assert "images are 72 px wide where the paper's are 128" in told()
    assert "25,000 of them (50.0% of the paper's number)" in told()
    assert "geometry" not in told(scale="paper")
    half = data(canvas=128, images=50_000)
    text = " ".join(notes(study(scale="half"), half, METRICS, {}))
    assert "The scale “half” is not the paper's size; params.yaml says" in text


def test_arms_that_learnt_nothing_are_named() -> None:
    assert "1 of 4 arms ends no better, on validation images, than naming the commonest" in told()
    assert "simple CNN. Such an arm has learnt nothing" in told()
    text = " ".join(notes(study(), data(), METRICS, {"adam": 0.1}))
    assert "learnt nothing" not in text


def test_claims_and_comparisons_are_tables_of_the_page() -> None:
    cells = (("Adam − SGD", ""), ("+1.2 points", "spread 0.9"), ("no verdict", ""))  # noqa: RUF001
    comparisons = Comparisons(("Arms", "Difference", "Verdict"), [("test accuracy", [cells])])
    claim = ClaimLine(
        claim="adam", section="4.1", sentence="Adam < SGD.", paper="–", ours="+1.2 points",  # noqa: RUF001
        metric="test accuracy", count="3", direction="against the paper", verdict="undecided",
        decided=False,
    )  # fmt: skip
    images = ImagesTest("Of 10 images.", ("Seed", "p"), [("7", "0.123")])
    shown = Verdicts("Few.", "How.", comparisons, images, ["One claim."], [claim])
    html = render(study(), data(), METRICS, [], {}, verdicts=shown)
    assert "Adam &lt; SGD." in html
    assert '<td class="neutral">against the paper</td>' in html
    page = Page(html)
    assert page.open == []
    for part in ("One claim.", "undecided", "How.", "Test accuracy", "spread 0.9", "0.123"):
        assert part in page.text
    assert "Few. Differences are printed and not tested." in page.text
    decided = replace(shown, claims=[replace(claim, decided=True)])
    assert "<td>against the paper</td>" in render(
        study(), data(), METRICS, [], {}, verdicts=decided
    )
    without = render(study(), data(), METRICS, [], {})
    assert "The paper's claims" not in without
    alone = render(study(), data(), METRICS, [], {}, verdicts=replace(shown, images=None))
    assert "Of 10 images." not in alone
