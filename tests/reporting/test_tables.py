"""A table that was cut or is none is never used."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.base.errors import UserError
from ablation.reporting.tables import grid, read_csv

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


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("label,count\n1,2\n1,3\n", "has two rows of one label: 1"),
        ("label,count\n1,2\n,3\n", "has a row without label"),
        ("label,count\n1,2\n3,\n", "has a count that is no whole number"),
        ("label,count\n1,2\n3,2.5\n", "has a count that is no whole number"),
        ("label,count\n1,2\n3,inf\n", "has a count without end"),
    ],
)
def test_rows_that_cannot_stand_together_are_refused(
    content: str, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("label,count\n1,2\n3,2\n")
    assert len(read_csv(path, None, ["label", "count"], ["label"])) == 2
    path.write_text(content)
    with pytest.raises(UserError, match=told):
        read_csv(path, None, ["label", "count"], ["label"])


def test_an_arm_may_be_called_inf(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("arm,count\ninf,2\nbase,3\n")
    assert list(read_csv(path, None, ["arm", "count"], ["arm"])["arm"]) == ["inf", "base"]


@given(st.integers(1, 5), st.integers(2, 5), st.data())
def test_a_grid_lacks_no_combination(arms: int, labels: int, data: st.DataObject) -> None:
    rows = [(arm, label) for arm in range(arms) for label in range(labels)]
    table = pd.DataFrame(rows, columns=["arm", "label"])
    grid(table, ["arm", "label"])
    gone = data.draw(st.integers(0, len(rows) - 1))
    if arms > 1:  # of a single arm a label that is gone is none of those that stand there
        with pytest.raises(UserError, match=f"has {len(rows) - 1} rows"):
            grid(table.drop(index=gone), ["arm", "label"])
