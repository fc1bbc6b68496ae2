"""Differences, comparisons and claims in words: every number from the tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ablation.reporting.captions import caption
from ablation.reporting.captions.verdicts import Verdicts, verdicts
from ablation.reporting.config import ForestFigure
from ablation.statistics.comparison import compare
from ablation.study.config import StudyConfig
from tests.reporting.figures.tables import LABELS, forest_table, write
from tests.statistics.study_of_claims import config, difference_claim, runs

MINUS = "\N{MINUS SIGN}"
FIGURE = ForestFigure(
    kind="forest", title="t", paper="p", metrics=["validation_accuracy", "test_accuracy"]
)

# --- the forest plot's caption ----------------------------------------------------------------


def told(tmp_path: Path, seeds: int, **columns: Any) -> str:
    return caption(FIGURE, LABELS, write(tmp_path, forest_table(seeds).assign(**columns)))


def test_the_caption_says_who_stands_furthest_and_that_three_seeds_decide_nothing(
    tmp_path: Path,
) -> None:
    text = told(tmp_path, 3)
    table = forest_table(3)
    arms = table[(table["metric"] == "validation_accuracy") & (table["other"] == "baseline")]
    highest, lowest = arms["difference"].max() * 100, -arms["difference"].min() * 100
    assert "Differences of each arm less baseline" in text
    assert "means of 3 seeds, paired by seed, with 95% paired t intervals" in text
    assert f"VGG-16, augmented stands furthest above (by {highest:.1f} points)" in text
    assert f"VGG-16, raw stands furthest below (by {lowest:.1f} points)" in text
    assert "With n = 3 seeds no verdict is possible" in text
    assert "Diamonds are the paper's own" in text
    assert "Found" not in text


def test_ten_seeds_name_what_was_found(tmp_path: Path) -> None:
    text = told(tmp_path, 10)
    assert "Found better in it: VGG-16, augmented." in text
    assert "Adam" in text.split("Found worse in it:")[1]
    assert "no verdict is possible" not in text


def test_one_seed_has_no_interval(tmp_path: Path) -> None:
    text = told(tmp_path, 1)
    assert "each of two runs with one seed (n = 1)" in text
    assert "interval" not in text


def test_inconclusive_and_diverged_are_told(tmp_path: Path) -> None:
    text = told(tmp_path, 10, verdict="inconclusive", paper=None, diverged=1)
    assert "No arm is told apart from the baseline in it." in text
    assert "In 7 pairs a run ended no better than guessing" in text
    assert "Diamonds" not in text


# --- the report's tables ----------------------------------------------------------------------

ARMS = {"base": "baseline (SGD)", "a": "Adam", "b": "SGD"}
CLAIMS = [{"verdict": "holds"}, {"verdict": "undecided at n = 3 and scale laptop"},
          {"verdict": "undecided, not measured"}]  # fmt: skip
IMAGES = pd.DataFrame(
    [{"first": "base", "second": "a", "seed": 0, "images": 4000, "only_first": 208,
      "only_second": 1237, "p": 1e-12}]
)  # fmt: skip


def shown(seeds: int, images: pd.DataFrame = IMAGES) -> Verdicts:
    study = StudyConfig.model_construct(
        scale="laptop", seeds=list(range(seeds)), arms=ARMS, baseline="base"
    )
    asked = config({"it": difference_claim(paper=0.008)})
    made = runs({"base": 0.8, "a": 0.84, "b": 0.8}, seeds)
    table = compare(asked, made, "base", dict.fromkeys(ARMS, "modified"))
    return verdicts(study, asked, table, images, CLAIMS)


def test_the_report_has_a_line_a_pair_under_each_metric() -> None:
    found = shown(10)
    assert [metric for metric, _ in found.comparisons] == ["test accuracy", "validation accuracy"]
    lines = found.comparisons[1][1]
    assert [line.pair for line in lines] == [
        f"Adam {MINUS} baseline", f"SGD {MINUS} baseline", f"SGD {MINUS} Adam"
    ]  # fmt: skip
    first = lines[0]
    assert (first.seeds, first.paper, first.p, first.p_holm) == ("10", "+0.8", "0.002", "0.004")
    assert first.improvement == "1.00 [1.00, 1.00]"
    assert first.difference.startswith("+4.")
    assert first.verdict == "better"


@pytest.mark.parametrize("seeds", [1, 3])
def test_few_seeds_have_no_p_and_say_so(seeds: int) -> None:
    found = shown(seeds)
    line = found.comparisons[0][1][0]
    assert (line.p, line.p_holm) == ("\N{EN DASH}", "\N{EN DASH}")
    assert line.verdict == f"no verdict is possible at n = {seeds}"
    assert "no verdict is possible" in found.compared
    assert ("[" in line.difference) == (seeds > 1)


def test_claims_are_counted() -> None:
    assert shown(3).told[0] == "Of 3 claims of the paper 1 holds, 0 fail and 2 are undecided."


def test_images_are_a_table_of_their_own_where_they_have_labels() -> None:
    images = shown(1).images
    assert images is not None
    assert "4,000 test images" in images.text
    assert images.head == ("Seed", "Only baseline", "Only Adam", "p")
    assert images.rows == [("0", "208", "1,237", "< 0.001")]
    assert shown(1, IMAGES.iloc[:0]).images is None
