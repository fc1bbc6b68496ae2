"""Tables to paste: arms and claims as LaTeX with `booktabs` rules, arms as Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from ablation.reporting.levels import Level, judged_on, level
from ablation.reporting.verdict_table import Line
from ablation.reporting.wording import (
    MINUS,
    NOTHING,
    RANGE,
    of_study,
    rounded,
    signed_points,
)
from ablation.statistics.config import ClaimsConfig
from ablation.study.config import StudyConfig

_SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", MINUS: "$-$", RANGE: "--", "≈": r"$\approx$",
    "\N{MULTIPLICATION SIGN}": r"$\times$", "√": r"$\surd$", "“": "``", "”": "''", "…": r"\dots{}",
}  # fmt: skip
PAIRED = "; differences are paired by seed"
COUNT = "n"  # the head of the column of seeds
_ANY = re.compile("|".join(map(re.escape, _SPECIAL)))


def escaped(text: str) -> str:
    """The text as LaTeX prints it; what has no meaning to LaTeX stays as it is."""
    return _ANY.sub(lambda found: _SPECIAL[found.group()], text)


def table(columns: str, head: Sequence[str], rows: Sequence[Sequence[str]], note: str) -> str:
    """A tabular with booktabs rules under a comment; the cells are plain text."""
    lines = [
        f"% {note} Needs \\usepackage{{booktabs}}.",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        _row(head),
        r"\midrule",
        *map(_row, rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def arms(
    study: StudyConfig, runs: pd.DataFrame, comparisons: pd.DataFrame
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """(head, rows): an arm's accuracies with their intervals, and its difference to the baseline.

    The number of its seeds has a column where another arm has another, and test accuracy where the
    baseline's test images have labels.

    Args:
        runs: runs.csv, a row a run.
        comparisons: comparison.csv.
    """
    parts = list(dict.fromkeys(["validation", judged_on(study, runs)]))
    metric = f"{parts[-1]}_accuracy"
    against = comparisons[(comparisons["group"] == "baseline") & (comparisons["metric"] == metric)]
    rows_of = {row["arm"]: row for row in against.to_dict("records")}
    rows = []
    apart = len(set(study.counts.values())) > 1
    for arm, label in study.arms.items():
        of_arm = runs[runs["arm"] == arm]
        row = rows_of.get(arm)
        change = NOTHING
        if row is not None:
            change = signed_points(row["difference"])
            if not pd.isna(row["low"]):
                change += f" [{signed_points(row['low'])}, {signed_points(row['high'])}]"
        cells = [_accuracy(level(of_arm, part)) for part in parts]
        count = (str(study.counts[arm]),) if apart else ()
        rows.append((label, *count, *cells, change, "" if row is None else str(row["verdict"])))
    accuracies = [f"{part.capitalize()} (%)" for part in parts]
    counted_apart = (COUNT,) if apart else ()
    head = (
        "Arm",
        *counted_apart,
        *accuracies,
        f"{parts[-1].capitalize()} {MINUS} baseline (points)",
        "Verdict",
    )
    return head, rows


def arms_latex(head: Sequence[str], rows: Sequence[Sequence[str]], study: StudyConfig) -> str:
    """What `arms` gives, for LaTeX."""
    return table("l" + "r" * (len(head) - 2) + "l", head, rows, _note(study, PAIRED))


def arms_markdown(head: Sequence[str], rows: Sequence[Sequence[str]], study: StudyConfig) -> str:
    """What `arms` gives, as Markdown with columns of one width, to be read as it is too."""
    every = [tuple(head), *map(tuple, rows)]
    widths = [max(len(row[k]) for row in every) for k in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in every
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:], "", _note(study, PAIRED)]) + "\n"


def claims(lines: Sequence[Line], study: StudyConfig, config: ClaimsConfig) -> str:
    """A row a claim of the paper: what was found and whether it holds."""
    rows = [
        (line.section, line.sentence, line.paper, line.ours, line.direction, line.verdict)
        for line in lines
    ]
    head = ("Section", "Claim", "Paper", "Ours", "Direction", "Verdict")
    margin = rounded(config.statistics.margin * 100)
    return table("lp{6cm}rrll", head, rows, f"{_note(study)} Equal: within {margin} points.")


def _note(study: StudyConfig, more: str = "") -> str:
    return f"Scale {study.scale}, {of_study(study)}; brackets: 95% intervals{more}."


def _row(cells: Sequence[str]) -> str:
    return " & ".join(map(escaped, cells)) + r" \\"


def _accuracy(found: Level | None) -> str:
    if found is None:
        return NOTHING
    bounds = found.bounds(", ")
    return rounded(found.mean * 100) + (f" [{bounds}]" if bounds else "")
