"""Captions in words, every number taken from the tables that the figures are drawn from.

One module a kind of figure, as in `reporting.figures`; nothing here needs a plotting library.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from ablation.reporting.config import FigureConfig


def caption(figure: FigureConfig, labels: Mapping[str, str], folder: Path) -> str:
    """A paragraph on one figure: what is drawn, what it shows, and what it cannot show.

    Args:
        figure: the declaration from `params.yaml`.
        labels: arm -> its name in legends; of at least the arms that the figure draws.
        folder: the figure's tables.

    Raises:
        ValueError: a table lacks a column, an arm or a part.
        FileNotFoundError: a table is missing.
    """
    kind = import_module(f"{__name__}.{figure.kind}")
    text: str = kind.caption(figure, labels, folder)
    return text
