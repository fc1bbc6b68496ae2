"""Tables to paste: arms and claims as LaTeX with `booktabs` rules, arms as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ablation.reporting.levels import judged_on, level
from ablation.reporting.verdict_table import Line
from ablation.reporting.wording import MINUS, NOTHING, of_study, rounded, signed_points
from ablation.statistics.comparison import pair
from ablation.statistics.config import ClaimsConfig
from ablation.study.config import StudyConfig

# What pdflatex has no glyph for, or another.
SYMBOLS = {MINUS: "$-$", "<": r"\textless{}", ">": r"\textgreater{}", "∞": r"$\infty$"}
SHIFT = "; differences are Hodges-Lehmann shifts with exact intervals"


def arms(study: StudyConfig, runs: pd.DataFrame, comparisons: pd.DataFrame) -> pd.DataFrame:
    """A row an arm, as text: accuracies with intervals, the difference to the baseline, stuck runs.

    The number of its seeds has a column where another arm has another, and test accuracy where the
    baseline's test images have labels.

    Args:
        runs: runs.csv, a row a run.
        comparisons: comparison.csv.
    """
    parts = list(dict.fromkeys(["validation", judged_on(study, runs)]))
    rows = []
    for arm, label in study.arms.items():
        of_arm = runs[runs["arm"] == arm]
        cells = {"Arm": label}
        if len(set(study.counts.values())) > 1:
            cells["n"] = str(study.counts[arm])
        for part in parts:
            found = level(of_arm, part)
            bounds = found.bounds(", ") if found else ""
            mean = rounded(found.mean * 100) if found else NOTHING
            cells[f"{part.capitalize()} (%)"] = mean + (f" [{bounds}]" if bounds else "")
            if found and found.median is not None:
                cells[f"{part.capitalize()} (%)"] += f", median {rounded(found.median * 100)}"
        row = pair(comparisons, f"{parts[-1]}_accuracy", arm, study.baseline)
        change = NOTHING if row is None else signed_points(row["difference"])
        if row is not None and np.isfinite([row["low"], row["high"]]).all():
            change += f" [{signed_points(row['low'])}, {signed_points(row['high'])}]"
        cells[f"{parts[-1].capitalize()} {MINUS} baseline (points)"] = change
        cells["Found"] = "" if row is None else row["found"]
        cells["Stuck"] = str(int(of_arm["stuck"].sum()))
        rows.append(cells)
    return pd.DataFrame(rows)


def arms_latex(table: pd.DataFrame, study: StudyConfig) -> str:
    """What `arms` gives, for LaTeX."""
    return _latex(table, "l" + "r" * (len(table.columns) - 3) + "lr", _note(study, SHIFT))


def arms_markdown(table: pd.DataFrame, study: StudyConfig) -> str:
    """What `arms` gives, as Markdown."""
    table = table.assign(Arm=table["Arm"].str.replace("|", r"\|"))
    text = table.to_markdown(index=False, disable_numparse=True)
    return f"{text}\n\n{_note(study, SHIFT)}\n"


def claims_latex(lines: Sequence[Line], study: StudyConfig, config: ClaimsConfig) -> str:
    """A row a claim of the paper: what was found and whether it holds."""
    table = pd.DataFrame(
        {
            "Section": [line.section for line in lines],
            "Claim": [line.sentence for line in lines],
            "Paper": [line.paper for line in lines],
            "Ours": ["; ".join(number for number, *_ in line.ours) for line in lines],
            "Evidence": [line.evidence for line in lines],
            "Verdict": [line.verdict for line in lines],
        }
    )
    margin = rounded(config.statistics.margin * 100)
    return _latex(table, "lp{6cm}rrp{3cm}l", f"{_note(study)} Equal: within {margin} points.")


def _latex(table: pd.DataFrame, columns: str, note: str) -> str:
    """A tabular under a comment; the cells are plain text."""
    text = table.to_latex(index=False, escape=True, column_format=columns)
    for symbol, command in SYMBOLS.items():
        text = text.replace(symbol, command)
    return f"% {note} Needs \\usepackage{{booktabs}}.\n{text}"


def _note(study: StudyConfig, more: str = "") -> str:
    return f"Scale {study.scale}, {of_study(study)}; brackets: 95% intervals{more}."
