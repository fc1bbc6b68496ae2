"""The label distribution in words (paper, figure 1)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from ablation.reporting.config import LabelDensityFigure
from ablation.reporting.figures import read_table
from ablation.reporting.words import counted, paragraph, percent

COLUMNS = ("data_set", "part", "label", "count", "density")


def caption(figure: LabelDensityFigure, labels: Mapping[str, str], folder: Path) -> str:
    """Commonest and rarest label, how alike the parts are, how far from what is expected.

    Raises:
        ValueError: the table lacks a part of Modified MNIST.
    """
    table = read_table(folder, COLUMNS)
    rows = table[table["data_set"] == "modified"]
    density = rows.pivot(index="label", columns="part", values="density")
    for part in ("training", "validation", "combined"):
        if part not in density.columns:
            raise ValueError(f"the label densities have no part {part} of modified")
    counts = rows.groupby("part")["count"].sum()
    combined = density["combined"]
    common, rare = combined.idxmax(), combined.idxmin()
    apart = (density["training"] - density["validation"]).abs()
    return paragraph(
        [
            f"Share of each label among the {counted(int(counts['training']), 'training image')}, "
            f"the {counted(int(counts['validation']), 'validation image')} and both of Modified "
            "MNIST; the label is the largest of an image's digits, so large labels are common.",
            f"Label {common} is the commonest ({percent(combined[common])}) and label {rare} the "
            f"rarest ({combined[rare] * 100:.2f}%); naming {common} for every validation image "
            f"would score {percent(density['validation'][common])}.",
            f"Training and validation differ by at most {apart.max() * 100:.2f} points "
            f"(label {apart.idxmax()}).",
            _expected(rows, combined),
        ]
    )


def _expected(rows: pd.DataFrame, combined: pd.Series) -> str:
    if "expected" not in rows.columns or rows["expected"].isna().all():
        return ""
    apart = combined - rows.groupby("label")["expected"].first()
    label = apart.abs().idxmax()
    return (
        "The marks are what the largest of digits drawn independently from MNIST gives; the "
        f"largest deviation from them is {abs(apart[label]) * 100:.2f} points (label {label})."
    )
