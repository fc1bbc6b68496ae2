"""A table that was cut or is none is never used."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from ablation.base.errors import UserError
from ablation.reporting.tables import read_csv

TABLE = b'epoch,metric,value\n1,"loss, in all",0.5\n2,"two\nlines",0.25\n'
BETWEEN = len(b'epoch,metric,value\n1,"loss, in all",0.5\n')  # rows


def test_a_whole_table_is_passed_on(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_bytes(TABLE)
    read = read_csv(path, "train", ["epoch", "value"])
    pd.testing.assert_frame_equal(read, pd.read_csv(path))
    assert list(read["metric"]) == ["loss, in all", "two\nlines"]
    path.write_text("a,b\n")
    assert read_csv(path, "train", empty=True).empty


@pytest.mark.parametrize("length", [n for n in range(len(TABLE)) if n != BETWEEN])
def test_a_table_that_was_cut_is_refused(length: int, tmp_path: Path) -> None:
    """But where it was cut between two rows which a text cannot show."""
    path = tmp_path / "history.csv"
    path.write_bytes(TABLE[:length])
    with pytest.raises(UserError, match=r"history\.csv .*; remove history\.csv and run `dvc repro"):
        read_csv(path, "train", ["epoch"])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"a,b\n1,2\n", "has no column 'epoch'"),
        (b"epoch\n1\n\xff\n", "is not UTF-8"),
        (b"epoch\n1\n\0\n", "null characters"),
        (b"epoch,b\n1,2,3\n", "3 fields in its row 1"),
        (b"epoch,b\n1,2\n1\n", "1 fields in its row 2"),
        (b"epoch\n", "has no rows"),
        (b'epoch\n"1\n', "is no table"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        read_csv(path, "train", ["epoch"])
    assert told in str(error.value)
    assert str(error.value).isprintable()
