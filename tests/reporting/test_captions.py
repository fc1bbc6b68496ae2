"""The numbers of captions."""

from __future__ import annotations

from pathlib import Path

from ablation.reporting import captions
from ablation.reporting.config import LadderFigure
from tests.reporting.figures.tables import LABELS, ladder_tables, write


def test_a_difference_has_turned_where_both_intervals_exclude_0(tmp_path: Path) -> None:
    figure = LadderFigure(kind="ladder", title="t", paper="p", arms=["baseline"])
    found = captions.ladder(figure, LABELS, write(tmp_path, ladder_tables()))
    # `far` changes its sign too, but its interval at the most images holds 0.
    assert (found["claims"], found["turned"]) == (3, 1)
