"""The figures of the paper, one module a kind.

`draw` imports the module named as the figure's kind when it is asked for it: a picture depends on
its own kind's code and on `style`, and editing another kind redraws nothing. What drawings and
captions share, tables and epochs, stands here and needs no plotting library.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ablation.base.errors import UserError, brief
from ablation.reporting.config import FigureConfig
from ablation.reporting.tables import read_csv

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
    with of_tables(folder):
        picture: Figure = kind.draw(figure, labels, kind.read(folder))
    return picture


@contextmanager
def of_tables(folder: Path) -> Iterator[None]:
    """Says of which tables something is not there that a figure needs, and what to run.

    Raises:
        UserError: that.
    """
    try:
        yield
    except UserError as error:
        if str(folder) in str(error):  # whoever read the file has said so
            raise
        raise UserError(f"{folder}: {error}; remove it and run `dvc repro summarize`") from None


def read_table(folder: Path, columns: Sequence[str], name: str = "data.csv") -> pd.DataFrame:
    """`folder/NAME` with at least `columns`.

    Raises:
        UserError: a column is missing or holds no numbers, or there is no row.
        FileNotFoundError: there is no such file.
    """
    return read_csv(folder / name, "summarize", columns)


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
        raise UserError(f"the figure's configuration gives the arm {brief(nameless[0])} no label")
    return [arm for arm in labels if arm in arms]
