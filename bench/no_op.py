"""`dvc repro` with nothing to do: the whole graph, and a repository with one stage."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench import checkouts
from bench.processes import in_turns
from bench.results import Row, of, ratios

ROUNDS = 5


def measure() -> list[Row]:
    """Seconds of both, in turns; the graph's files are stubs, as DVC looks at their dates alone."""
    with tempfile.TemporaryDirectory() as folder:
        whole = checkouts.up_to_date(Path(folder) / "whole")
        one = checkouts.one_stage(Path(folder) / "one")
        sides = {"whole": whole.seconds_of_nothing, "one": one.seconds_of_nothing}
        seconds = in_turns(sides, 1 + ROUNDS)
    whole_seconds, one_seconds = seconds["whole"][1:], seconds["one"][1:]
    return [
        of("dvc repro with nothing to do", whole_seconds, "s", at_most=3),
        of("the same in a repository with one stage", one_seconds, "s"),
        of("ratio of the two", ratios(whole_seconds, one_seconds), ""),
    ]
