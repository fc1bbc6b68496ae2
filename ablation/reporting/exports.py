"""Tables to paste: arms and claims as LaTeX with `booktabs` rules, arms as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ablation.reporting.levels import judged_on, level
from ablation.reporting.verdict_table import Line
from ablation.reporting.wording import MINUS, NOTHING, of_study, rounded, signed_points
from ablation.statistics.config import ClaimsConfig
from ablation.study.config import StudyConfig

# What pdflatex has no glyph for, or another.
SYMBOLS = {MINUS: "$-$", "≈": r"$\approx$", "√": r"$\surd$", "<": r"\textless{}",
           ">": r"\textgreater{}"}  # fmt: skip
PAIRED = "; differences are paired by seed"


def arms(study: StudyConfig, runs: pd.DataFrame, comparisons: pd.DataFrame) -> pd.DataFrame:
    """A row an arm, as text: accuracies with their intervals, and the difference to the baseline.

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
    for arm, label in study.arms.items():
        cells = {"Arm": label}
        if len(set(study.counts.values())) > 1:
            cells["n"] = str(study.counts[arm])
        for part in parts:
            found = level(runs[runs["arm"] == arm], part)
            bounds = found.bounds(", ") if found else ""
            mean = rounded(found.mean * 100) if found else NOTHING
            cells[f"{part.capitalize()} (%)"] = mean + (f" [{bounds}]" if bounds else "")
        row, change = rows_of.get(arm), NOTHING
        if row is not None:
            change = signed_points(row["difference"])
            if not pd.isna(row["low"]):
                change += f" [{signed_points(row['low'])}, {signed_points(row['high'])}]"
        cells[f"{parts[-1].capitalize()} {MINUS} baseline (points)"] = change
        cells["Verdict"] = "" if row is None else row["verdict"]
        rows.append(cells)
    return pd.DataFrame(rows)


def arms_latex(table: pd.DataFrame, study: StudyConfig) -> str:
    """What `arms` gives, for LaTeX."""
    return _latex(table, "l" + "r" * (len(table.columns) - 2) + "l", _note(study, PAIRED))


def arms_markdown(table: pd.DataFrame, study: StudyConfig) -> str:
    """What `arms` gives, as Markdown."""
    text = table.to_markdown(index=False, disable_numparse=True)
    return f"{text}\n\n{_note(study, PAIRED)}\n"


def claims_latex(lines: Sequence[Line], study: StudyConfig, config: ClaimsConfig) -> str:
    """A row a claim of the paper: what was found and whether it holds."""
    names = ["section", "sentence", "paper", "ours", "direction", "verdict"]
    table = pd.DataFrame([{name: getattr(line, name) for name in names} for line in lines])
    table.columns = ["Section", "Claim", "Paper", "Ours", "Direction", "Verdict"]
    margin = rounded(config.statistics.margin * 100)
    return _latex(table, "lp{6cm}rrll", f"{_note(study)} Equal: within {margin} points.")


def _latex(table: pd.DataFrame, columns: str, note: str) -> str:
    """A tabular under a comment; the cells are plain text."""
    text = table.to_latex(index=False, escape=True, column_format=columns)
    for symbol, command in SYMBOLS.items():
        text = text.replace(symbol, command)
    return f"% {note} Needs \\usepackage{{booktabs}}.\n{text}"


def _note(study: StudyConfig, more: str = "") -> str:
    return f"Scale {study.scale}, {of_study(study)}; brackets: 95% intervals{more}."
