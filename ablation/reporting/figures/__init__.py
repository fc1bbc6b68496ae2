"""The figures of the paper, one module a kind.

`draw` imports the module named as the figure's kind when it is asked for it: a picture depends on
its own kind's code and on `style`, and editing another kind redraws nothing. What drawings and
captions share, tables and epochs, stands here and needs no plotting library.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ablation.base.errors import UserError, brief
from ablation.reporting.config import FigureConfig
from ablation.reporting.tables import read_csv

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# What tells the rows of each table apart.
LAYERS, BEST = ("arm", "layer"), ("group", "arm", "seed", "part")
CURVES, RUNS = ("arm", "seed", "epoch", "metric"), ("arm", "seed")
DIFFERENCES, DENSITIES = ("group", "arm", "other", "metric"), ("data_set", "part", "label")
# Points. What reaches further out than this stands on an axis of its own: on one with it neither
# the others' intervals would show nor the margin of equivalence.
FAR = 10


def draw(figure: FigureConfig, labels: Mapping[str, str], folder: Path) -> Figure:
    """The picture of one figure.

    Args:
        figure: the declaration from `params.yaml`.
        labels: arm -> its name in legends; of at least the arms that the figure draws.
        folder: the figure's tables.

    Raises:
        UserError: a table lacks a column, an arm or a part that the figure needs.
        FileNotFoundError: a table is missing.
    """
    kind = import_module(f"{__name__}.{figure.kind}")
    picture: Figure = kind.draw(figure, labels, kind.read(folder))
    return picture


def read_table(
    folder: Path, columns: Sequence[str], key: Sequence[str], name: str = "data.csv"
) -> pd.DataFrame:
    """`folder/NAME` with at least `columns`; those of `key` tell its rows apart.

    Raises:
        UserError: a column is missing or holds no numbers, two rows are alike, or there is none.
        FileNotFoundError: there is no such file.
    """
    return read_csv(folder / name, "summarize", columns, key)


def last_epochs(count: int, share: float) -> int:
    """How many of `count` epochs are the last `share` of them: rounded, at least 1.

    50 of 300 epochs for a sixth, as in the paper's figure 5 (right).
    """
    return max(1, round(count * share))


def compared(table: pd.DataFrame, labels: Mapping[str, str]) -> list[str]:
    """The arms that are compared, in the order of `labels`.

    Raises:
        UserError: one of them has no label.
    """
    arms = {*table["arm"], *table["other"]}
    if nameless := sorted(arms - set(labels)):
        raise UserError(f"the declaration gives the arm {brief(nameless[0])} no label")
    return [arm for arm in labels if arm in arms]


def far(table: pd.DataFrame) -> pd.Series[bool]:
    """Of each row, whether its pair reaches beyond FAR in any metric told in points.

    Args:
        table: differences and the ends of their intervals, as shares where `unit` says points.
    """
    reach = table[["difference", "low", "high"]].abs().max(axis="columns") * 100
    beyond = table[(table["unit"] == "points") & (reach > FAR)]
    pairs = set(zip(beyond["arm"], beyond["other"], strict=True))
    rows = zip(table["arm"], table["other"], strict=True)
    return pd.Series([pair in pairs for pair in rows], index=table.index, dtype=bool)
