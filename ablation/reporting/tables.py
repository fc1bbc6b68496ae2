"""Tables between stages, as CSV."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ablation.base.files import reading, replacing


def read_csv(path: Path) -> pd.DataFrame:
    """The table of a CSV file.

    Raises:
        UserError: the file is damaged.
        OSError: it is missing.
    """
    with reading(path):
        return pd.read_csv(path)


def write_csv(path: Path, table: pd.DataFrame, float_format: str | None = "%.6g") -> None:
    """Writes the table without its index; None for floats with all their digits."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, float_format=float_format)
