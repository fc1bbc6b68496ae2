"""Tables to paste: escaped, with the numbers of the report."""

from __future__ import annotations

import pandas as pd

from ablation.reporting.exports import arms, arms_latex, arms_markdown, claims_latex
from ablation.reporting.verdict_table import Line
from ablation.study.config import StudyConfig
from tests.statistics.study_of_claims import config

MINUS = "\N{MINUS SIGN}"

STUDY = StudyConfig.model_construct(
    scale="laptop", seeds=[0, 1], costly_seeds=[0], baseline="base", costly_arms=[],
    arms={"base": "base_line <1", "a": "A & B"}, data_sets={"base": "modified", "a": "modified"},
)  # fmt: skip
RUNS = pd.DataFrame(
    {"arm": ["base", "base", "a", "a"], "validation_accuracy": [0.8, 0.82, 0.9, 0.9],
     "test_accuracy": [0.8, 0.8, None, None], "validation_images": 50, "stuck": False,
     "test_images": [100, 100, None, None]}
)  # fmt: skip
COMPARED = pd.DataFrame(
    [{"arm": "a", "other": "base", "metric": "test_accuracy", "difference": -0.012,
      "low": -0.02, "high": 0.0, "found": "lower"}]
)  # fmt: skip


def test_arms_have_their_intervals_and_the_difference_to_the_baseline_in_latex() -> None:
    lines = arms_latex(arms(STUDY, RUNS, COMPARED), STUDY).splitlines()
    assert lines[0].startswith("% Scale laptop, 2 seeds; brackets: 95% intervals;")
    assert lines[1] == r"\begin{tabular}{lrrrlr}"
    assert lines[3].startswith(r"Arm & Validation (\%) & Test (\%) & Test $-$ baseline (points)")
    assert lines[5].startswith(r"base\_line \textless{}1 & 81.0 [68.3, 93.7] & 80.0 [")
    assert lines[6] == r"A \& B & 90.0 [90.0, 90.0] & – & $-$1.2 [$-$2.0, 0.0] & lower & 0 \\"  # noqa: RUF001
    table = arms(STUDY, RUNS.assign(test_accuracy=None), COMPARED)
    assert list(table) == ["Arm", "Validation (%)", f"Validation {MINUS} baseline (points)",
                           "Found", "Stuck"]  # fmt: skip


def test_arms_of_different_numbers_of_seeds_have_a_column_of_them() -> None:
    study = STUDY.model_copy(update={"costly_arms": ["a"]})
    table = arms(study, RUNS.drop(index=3), COMPARED)
    assert list(table["n"]) == ["2", "1"]
    # Of one seed over its images, Wilson's for 45 of 50.
    assert table["Validation (%)"].iloc[1] == "90.0 [78.6, 95.7]"
    assert arms_latex(table, study).startswith("% Scale laptop, 2 seeds (A & B: 1); brackets")


def test_where_a_run_is_stuck_the_median_stands_beside_the_mean() -> None:
    table = arms(STUDY, RUNS.assign(stuck=[True, False, False, False]), COMPARED)
    assert table["Validation (%)"].iloc[0].endswith(", median 81.0")
    assert list(table["Stuck"]) == ["1", "0"]


def test_a_claim_s_interval_without_an_end_is_latex_too() -> None:
    ours = [(f"{MINUS}800 images [{MINUS}1,200, ∞]", "images to 80%", None)]
    line = Line("faster", "4.1", "A is faster.", "", ours, "5, 10", "p < 0.001", "holds", "", [])
    assert r"$-$800 images [$-$1,200, $\infty$] & p \textless{} 0.001 & holds" in claims_latex(
        [line], STUDY, config()
    )


def test_markdown_is_read_as_it_is() -> None:
    piped = STUDY.model_copy(update={"arms": {"base": "base", "a": "A | B"}})
    *lines, _, note = arms_markdown(arms(piped, RUNS, COMPARED), STUDY).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert [line.replace(r"\|", "").count("|") for line in lines] == [lines[1].count("|")] * 4
    assert note == (
        "Scale laptop, 2 seeds; brackets: 95% intervals; differences are Hodges-Lehmann shifts "
        "with exact intervals."
    )
