"""Tables between stages, checked as text before pandas reads them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from ablation.base.errors import UserError, brief
from ablation.base.reading import refusing

# The columns that hold words; `label` and `layer` hold them in some tables.
TEXTS = ("arm", "other", "metric", "group", "part", "data_set", "label", "layer", "type", "unit",
         "output_shape", "verdict", "diverged", "unpaired", "by", "first", "second")  # fmt: skip


def read_csv(
    path: Path, made_by: str | None, columns: Iterable[str] = (), empty: bool = False
) -> pd.DataFrame:
    """The table of a CSV file that is whole.

    A file that was cut is noticed by its last line, which then does not end or has too few fields.
    One that was cut between two lines is not.

    Args:
        made_by: the stage that wrote it, if one did.
        columns: that its header must name, among others; but for those of `TEXTS` they hold
            numbers.
        empty: whether it may have a header alone.

    Raises:
        UserError: the file is damaged or lacks a column.
        FileNotFoundError: there is no such file.
    """
    with refusing(path, "table", made_by):
        text = path.read_bytes().decode("utf-8")
        if "\0" in text:
            raise UserError("is no table: it has null characters")
        if not text.endswith("\n"):
            raise UserError("is cut: its last line does not end" if text else "is empty")
        rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = next(rows)
        for column in columns:
            if column not in header:
                raise UserError(f"has no column {column!r}; its columns: {brief(header)}")
        number = 0
        for number, row in enumerate(rows, start=1):
            if len(row) != len(header):
                raise UserError(
                    f"has {len(row)} fields in its row {number} and {len(header)} columns"
                )
        if number == 0 and not empty:
            raise UserError("has no rows")
        table = pd.read_csv(io.StringIO(text, newline=""))
        for column in columns:
            if number and column not in TEXTS and not pd.api.types.is_numeric_dtype(table[column]):
                raise UserError(f"has a {column} that is no number")
        return table


def read_history(folder: Path, epochs: int, made_by: str | None) -> pd.DataFrame:
    """The curves of a run, epoch, metric and value, in the order of the epochs.

    Raises:
        UserError: the file is damaged, or an epoch of a curve is missing.
    """
    path = folder / "history.csv"
    table = read_csv(path, made_by, ("epoch", "metric", "value"))
    with refusing(path, "history", made_by):
        every = set(range(1, epochs + 1))
        for metric, rows in table.groupby("metric"):
            found = set(rows["epoch"])
            # A measure that is no accuracy may be taken now and then.
            whole = found == every if str(metric).endswith("_accuracy") else found <= every
            if not whole or len(found) != len(rows):
                raise UserError(
                    f"has {len(rows)} epochs of {brief(metric)} instead of the run's {epochs}"
                )
        if not table["metric"].isin(["validation_accuracy"]).any():
            raise UserError("has no validation accuracy")
        if not pd.api.types.is_numeric_dtype(table["value"]):
            raise UserError("has values that are no numbers")
    return table.sort_values("epoch", kind="stable")


def read_comparisons(path: Path, pairs: int, metrics: Iterable[str]) -> pd.DataFrame:
    """Every comparison of two arms, one row for each of at least `pairs` pairs in a metric.

    Raises:
        UserError: the file is damaged, or a comparison is missing.
    """
    table = read_csv(path, "compare", ("arm", "other", "metric"), empty=not pairs)
    with refusing(path, "table of comparisons", "compare"):
        for metric in metrics:
            found = len(table[table["metric"] == metric].drop_duplicates(["arm", "other"]))
            # Where images have no labels, as the competition's, their metric is missing as a whole.
            if 0 < found < pairs or (pairs and table.empty):
                raise UserError(f"has {found} of {pairs} comparisons in {brief(metric)}")
    return table
