"""The networks in words (paper, figure 4)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from ablation.reporting.config import ArchitecturesFigure
from ablation.reporting.figures import read_table
from ablation.reporting.words import capital, counted, paragraph, percent

COLUMNS = ("arm", "layer", "type", "output_shape", "parameters", "trainable")
KINDS = {"Conv": "convolution", "Dense": "dense layer", "Pool": "pooling layer"}


def caption(figure: ArchitecturesFigure, labels: Mapping[str, str], folder: Path) -> str:
    """How many layers of which kind, how many parameters, and where most of them are.

    Raises:
        ValueError: the table has no layers of an arm.
    """
    table = read_table(folder, COLUMNS)
    sentences = [
        "Every layer of the networks as built, from the raw grey images to one score a digit, "
        "with its output shape (n: the number of images) and its parameters."
    ]
    for arm in figure.arms:
        layers = table[table["arm"] == arm]
        if layers.empty:
            raise ValueError(f"the table of architectures has no layers of the arm {arm}")
        sentences.append(capital(_network(labels[arm], layers)))
    return paragraph(sentences)


def _network(label: str, layers: pd.DataFrame) -> str:
    kinds = []
    for part, noun in KINDS.items():
        count = int(layers["type"].str.contains(part, regex=False).sum())
        if count:
            kinds.append(counted(count, noun))
    total = int(layers["parameters"].sum())
    text = f"{label}: {counted(len(layers), 'layer')} ({', '.join(kinds)}), "
    text += counted(total, "parameter")
    frozen = int(layers.loc[~layers["trainable"].astype(bool), "parameters"].sum())
    if frozen:
        text += f", of which {frozen:,} are frozen"
    if total:
        largest = layers.loc[layers["parameters"].idxmax()]
        share = percent(largest["parameters"] / total)
        text += f"; the largest share, {share}, is in {largest['layer']}"
    return text + "."
