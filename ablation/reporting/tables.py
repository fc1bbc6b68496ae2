"""Tables between stages, checked as text before pandas reads them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ablation.base.errors import UserError, brief
from ablation.base.reading import refusing

# The columns that hold words; `label` and `layer` hold them in some tables.
TEXTS = ("arm", "other", "metric", "group", "part", "data_set", "label", "layer", "type", "unit",
         "output_shape", "verdict", "diverged", "unpaired", "by", "first", "second")  # fmt: skip
# The columns of counts and numbers of things, in whatever table they stand.
WHOLE = ("seed", "seeds", "epoch", "epochs", "parameters", "images", "count", "said",
         "measured_training", "measured_validation", "only_first", "only_second")  # fmt: skip

# The columns of comparison.csv that later stages read, first those that tell its rows apart.
COMPARISON = ("arm", "other", "metric", "group", "tests", "seeds", "seeds_needed", "unpaired",
              "difference", "low", "high", "low_90", "high_90", "sd", "sd_images", "detectable",
              "seeds_to_find", "seeds_to_equal", "p", "p_holm", "diverged", "paper",
              "verdict")  # fmt: skip


def read_csv(
    path: Path,
    made_by: str | None,
    columns: Iterable[str] = (),
    key: Sequence[str] = (),
    empty: bool = False,
) -> pd.DataFrame:
    """The table of a CSV file that is whole.

    A file that was cut is noticed by its last line, which then does not end or has too few fields.
    One that was cut between two lines is not.

    Args:
        made_by: the stage that wrote it, if one did.
        columns: that its header must name, among others; but for those of `TEXTS` they hold
            numbers, and those of `WHOLE` whole ones.
        key: those of them that tell the rows apart: none is empty, and no two rows are alike.
        empty: whether it may have a header alone.

    Raises:
        UserError: the file is damaged, lacks a column, or has two rows of one thing.
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
        for column in columns if number else ():
            if column in TEXTS:  # where `inf` may be an arm's name
                continue
            if not pd.api.types.is_numeric_dtype(table[column]):
                raise UserError(f"has a {column} that is no number")
            if column != "value" and np.isinf(table[column]).any():
                raise UserError(f"has a {column} without end")
            if column in WHOLE and not pd.api.types.is_integer_dtype(table[column]):
                raise UserError(f"has a {column} that is no whole number")
        of_rows = table[list(key)]
        if of_rows.isna().any(axis=None):
            raise UserError(f"has a row without {' and '.join(key)}")
        if key and (twice := of_rows.duplicated()).any():
            alike = ", ".join(str(value) for value in of_rows[twice].iloc[0])
            raise UserError(f"has two rows of one {', '.join(key)}: {brief(alike)}")
        return table


def grid(table: pd.DataFrame, columns: Sequence[str]) -> None:
    """Holds that `table` has a row for every combination of what stands in `columns`.

    Raises:
        UserError: it has fewer; without the file's name.
    """
    every = int(table[list(columns)].nunique().prod())
    if len(table) != every:
        raise UserError(
            f"has {len(table)} rows, not one for each of {every} combinations of "
            f"{' and '.join(columns)}"
        )


def read_history(folder: Path, epochs: int, made_by: str | None) -> pd.DataFrame:
    """The curves of a run, epoch, metric and value, in the order of the epochs.

    Raises:
        UserError: the file is damaged, or an epoch of a curve is missing.
    """
    path = folder / "history.csv"
    table = read_csv(path, made_by, ("epoch", "metric", "value"), ("epoch", "metric"))
    with refusing(path, "history", made_by):
        every = set(range(1, epochs + 1))
        for metric, rows in table.groupby("metric"):
            found = set(rows["epoch"])
            # A measure that is no accuracy may be taken now and then.
            whole = found == every if str(metric).endswith("_accuracy") else found <= every
            if not whole:
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
    table = read_csv(path, "compare", COMPARISON, COMPARISON[:4], empty=not pairs)
    with refusing(path, "table of comparisons", "compare"):
        for metric in metrics:
            found = len(table[table["metric"] == metric].drop_duplicates(["arm", "other"]))
            # Where images have no labels, as the competition's, their metric is missing as a whole.
            if 0 < found < pairs or (pairs and table.empty):
                raise UserError(f"has {found} of {pairs} comparisons in {brief(metric)}")
    return table
