"""Live curves as an option of `make repro`: docs/live.md."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ablation.base.files import write_yaml
from ablation.monitoring import live

FOLDER = Path("live")  # where the stage `train` writes the curves of each run


def ask(kind: str) -> None:
    """Every run that trains from here on writes live curves.

    Raises:
        UserError: there are no such curves, or their package is not installed.
    """
    live.check(kind)
    os.environ[live.VARIABLE] = kind


def declare(runs: Sequence[str]) -> None:
    """With DVCLive, tells DVC of the runs' curves: a chart for each name, a line for each run.

    The file is no part of the study. DVC reads none that git is told to ignore.
    """
    if os.environ.get(live.VARIABLE) != "dvclive":
        return
    names = dict.fromkeys(live.NAMES)
    for run in runs:
        live.begin(FOLDER / run)
        found = (FOLDER / run / "plots" / "metrics").glob("*.tsv")
        names |= dict.fromkeys(sorted(path.stem for path in found))
    plots = []
    for name in names:
        paths = [f"{run}/plots/metrics/{name}.tsv" for run in runs]
        there = {path: name for path in paths if (FOLDER / path).exists()}
        plots.append({f"live {name}": {"title": name, "x": "step", "y": there}})
    write_yaml(FOLDER / "dvc.yaml", {"plots": plots})
