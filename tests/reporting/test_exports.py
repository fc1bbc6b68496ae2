"""Tables to paste: escaped, of one width, with the numbers of the report."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from ablation.reporting.exports import arms, arms_latex, arms_markdown, escaped, table
from ablation.study.config import FailedArm, StudyConfig

DASH, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"

STUDY = StudyConfig.model_construct(
    scale="laptop", seeds=[0, 1], costly_seeds=[0], baseline="base", costly_arms=[],
    arms={"base": "base_line", "a": "A & B"},
    data_sets={"base": "modified", "a": "modified"},
)  # fmt: skip
RUNS = pd.DataFrame(
    {"arm": ["base", "base", "a", "a"], "validation_accuracy": [0.8, 0.82, 0.9, 0.9],
     "test_accuracy": [0.8, 0.8, None, None], "validation_images": 50,
     "test_images": [100, 100, None, None]}
)  # fmt: skip
COMPARED = pd.DataFrame(
    [{"arm": "a", "group": "baseline", "metric": "test_accuracy", "difference": -0.012,
      "low": -0.02, "high": 0.0, "verdict": "worse"}]
)  # fmt: skip


def test_special_characters_are_escaped_once() -> None:
    assert escaped("50% & a_b < {c}\\") == r"50\% \& a\_b \textless{} \{c\}\textbackslash{}"
    assert escaped("\N{MINUS SIGN}1.2 \N{EN DASH}") == "$-$1.2 --"


@given(st.text(alphabet="ab&%_#{}", max_size=20))
def test_no_cell_opens_a_column_of_its_own(text: str) -> None:
    row = table("ll", ("A", "B"), [(text, text)], "Note.").splitlines()[5]
    assert row.replace(r"\&", "").count("&") == 1


def test_arms_have_their_intervals_and_the_difference_to_the_baseline() -> None:
    lines = arms_latex(*arms(STUDY, RUNS, COMPARED), STUDY).splitlines()
    assert lines[0].startswith("% Scale laptop, 2 seeds")
    assert lines[1] == r"\begin{tabular}{lrrrl}"
    assert lines[3].startswith(r"Arm & Validation (\%) & Test (\%) & Test $-$ baseline (points)")
    assert lines[5].startswith(r"base\_line & 81.0 [68.3, 93.7] & 80.0 [")
    assert lines[6] == r"A \& B & 90.0 [90.0, 90.0] & -- & $-$1.2 [$-$2.0, 0.0] & worse \\"
    head, _ = arms(STUDY, RUNS.assign(test_accuracy=None), COMPARED)
    assert head == ("Arm", "Validation (%)", f"Validation {MINUS} baseline (points)", "Verdict")


def test_arms_of_different_numbers_of_seeds_have_a_column_of_them() -> None:
    study = STUDY.model_copy(update={"costly_arms": ["a"]})
    head, rows = arms(study, RUNS.drop(index=3), COMPARED)
    assert head[:3] == ("Arm", "n", "Validation (%)")
    assert [row[:2] for row in rows] == [("base_line", "2"), ("A & B", "1")]
    assert rows[1][2] == "90.0 [78.6, 95.7]"  # of one seed over its images, Wilson's for 45 of 50
    lines = arms_latex(head, rows, study).splitlines()
    assert lines[0].startswith("% Scale laptop, 2 seeds (A & B: 1); brackets")
    assert lines[1] == r"\begin{tabular}{lrrrrl}"


def test_an_arm_that_failed_has_a_row_without_numbers() -> None:
    gone = FailedArm(label="L_2", end="l2-0: killed", figures={})
    study = STUDY.model_copy(update={"failed": {"l2": gone}})
    _, rows = arms(study, RUNS, COMPARED)
    assert rows[-1] == ("L_2", "failed", DASH, DASH, "")
    assert r"L\_2 & failed & -- & -- &  \\" in arms_latex(*arms(study, RUNS, COMPARED), study)
    _, rows = arms(study, RUNS.assign(test_accuracy=None), COMPARED)
    assert rows[-1] == ("L_2", "failed", DASH, "")


def test_markdown_is_read_as_it_is() -> None:
    *lines, _, note = arms_markdown(*arms(STUDY, RUNS, COMPARED), STUDY).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert [line.split(" | ")[0].strip(" |") for line in lines[2:]] == ["base_line", "A & B"]
    assert note == "Scale laptop, 2 seeds; brackets: 95% intervals; differences are paired by seed."
