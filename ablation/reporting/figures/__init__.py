"""The figures of the paper, one module a kind: its `draw` makes the picture from its tables.

A picture depends on its own kind's code and on `style`: editing another kind redraws nothing. What
drawings and captions share is here and needs no plotting library.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ablation.reporting.config import Part

PARTS: tuple[Part, ...] = ("training", "validation", "test")
# Points. What reaches further out than this stands on an axis of its own: on one with it neither
# the others' intervals would show nor the margin of equivalence.
FAR = 10


def far(table: pd.DataFrame) -> pd.Series[bool]:
    """Of each row, whether its pair reaches beyond FAR in any metric.

    Args:
        table: differences and the ends of their intervals, as shares; infinite ends are ignored.
    """
    lengths = table[["difference", "low", "high"]].replace([np.inf, -np.inf], np.nan)
    reach = lengths.abs().max(axis="columns") * 100
    return (reach > FAR).groupby([table["arm"], table["other"]]).transform("any")
