"""Differences, comparisons and claims in words: every number from the tables."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ablation.reporting.captions import caption
from ablation.reporting.captions.verdicts import Verdicts, verdicts
from ablation.reporting.config import ForestFigure
from ablation.statistics.claims import Study, judge
from ablation.statistics.comparison import compare
from ablation.study.config import StudyConfig
from tests.reporting.figures.tables import LABELS, forest_table, write
from tests.statistics.study_of_claims import config, difference_claim, facts, runs

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
    assert "a family of 15 tests takes 10." in text
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
    text = told(tmp_path, 10, verdict="inconclusive", paper=None, diverged="adam-3 adam-4")
    assert "No arm is told apart from the baseline in it." in text
    assert "No better than naming the commonest label ended Adam (seeds 3 and 4)" in text
    assert "Diamonds" not in text


# --- the report's tables ----------------------------------------------------------------------

ARMS = {"base": "baseline (SGD)", "a": "Adam", "b": "SGD"}
MODIFIED = dict.fromkeys(ARMS, "modified")
IMAGES = pd.DataFrame(
    [{"first": "base", "second": "a", "seed": 0, "images": 4000, "only_first": 208,
      "only_second": 1237, "p": 1e-12}]
)  # fmt: skip


def shown(
    seeds: int, images: pd.DataFrame = IMAGES, drop: tuple[str, int] | None = None
) -> Verdicts:
    study = StudyConfig.model_construct(
        scale="laptop", seeds=list(range(seeds)), arms=ARMS, baseline="base"
    )
    asked = config({"it": difference_claim(paper=0.008)})
    made = runs({"base": 0.8, "a": 0.84, "b": 0.8}, seeds)
    if drop:
        del made[drop]
    table = compare(asked, made, "base", MODIFIED)
    labels = np.arange(1, 11)
    judged = judge(asked, Study("laptop", made, table, labels, labels / 55))
    return verdicts(study, asked, table, images, [asdict(each) for each in judged])


def test_the_report_has_a_line_a_pair_under_each_metric() -> None:
    found = shown(10).comparisons
    assert found.head == ("Arms", "Difference", "n", "Paper", "p", "P(better)", "Verdict")
    assert [metric for metric, _ in found.metrics] == ["test accuracy", "validation accuracy"]
    rows = found.metrics[1][1]
    assert [row[0][0] for row in rows] == [
        f"Adam {MINUS} baseline", f"SGD {MINUS} baseline", f"SGD {MINUS} Adam"
    ]  # fmt: skip
    _, difference, n, paper, p, better, verdict = rows[0]
    assert (n[0], paper[0], p) == ("10", "+0.8", ("0.006", "0.002 alone"))
    assert better[0] == "1.00 [0.69, 1.00]"
    assert difference[0].startswith("+4.")
    assert difference[1].startswith("spread 0.")
    assert "would find 0." in difference[1]
    assert "equivalence" not in difference[1]  # 4 points apart
    assert "equivalence takes" in rows[1][1][1]
    assert verdict[0] == "better"
    assert "(images alone 0." in found.metrics[0][1][0][1][1]


@pytest.mark.parametrize("seeds", [1, 3])
def test_few_seeds_have_no_p_and_say_so(seeds: int) -> None:
    found = shown(seeds)
    row = dict(zip(found.comparisons.head, found.comparisons.metrics[1][1][0], strict=True))
    assert "p" not in row  # a column of dashes is no column
    assert ("P(better)" in row) == (seeds > 1)
    assert "Verdict" not in row  # said once, above the table
    assert "a family of 3 tests takes 7." in found.compared
    assert found.few in found.compared
    assert ("[" in row["Difference"][0]) == (seeds > 1)
    assert "would find" not in row["Difference"][1]


def test_where_one_family_has_too_few_seeds_its_rows_say_so() -> None:
    pairs = [("a", "base"), ("b", "base"), ("b", "a")]
    arms = {arm: facts(family="paper" if arm == "base" else "added") for arm in ARMS}
    arms["b"] = facts()
    asked = config(pairs=pairs, arms=arms)
    table = compare(asked, runs({"base": 0.8, "a": 0.84, "b": 0.8}, 6), "base", MODIFIED)
    study = StudyConfig.model_construct(scale="laptop", arms=ARMS)
    found = verdicts(study, asked, table, IMAGES, [])
    told = [row[-1][0] for row in found.comparisons.metrics[0][1]]
    assert told == [
        "none possible; 2 tests take 7 seeds", "equivalent", "none possible; 2 tests take 7 seeds"
    ]  # fmt: skip


def test_seeds_that_only_one_arm_has_are_named() -> None:
    found = shown(3, drop=("base", 1))
    assert "Without a partner of the same seed, and so in no difference: Adam (seed 1)" in (
        found.compared
    )
    assert "without a partner: Adam (seed 1)" in found.claims[0].verdict
    assert "partner" not in shown(3).compared


def test_images_are_a_table_of_their_own_where_they_have_labels() -> None:
    images = shown(1).images
    assert images is not None
    assert "4,000 test images" in images.text
    assert images.head == ("Seed", "Only baseline", "Only Adam", "p")
    assert images.rows == [("0", "208", "1,237", "< 0.001")]
    assert shown(1, IMAGES.iloc[:0]).images is None
