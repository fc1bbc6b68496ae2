"""Live curves as an option of `make repro`: docs/live.md."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ablation.base.files import write_yaml
from ablation.monitoring import live
from runner.graph import StudyError

FOLDER = Path("live")  # where the stage `train` writes the curves of each run


def ask(kind: str, elsewhere: bool = False) -> None:
    """Every run that trains from here on writes live curves.

    Args:
        elsewhere: whether runs train on a cluster, from where no curve comes.

    Raises:
        StudyError: they do.
        UserError: there are no such curves, or their package is not installed.
    """
    if elsewhere:
        raise StudyError(
            "LIVE shows curves of runs on this machine, and SCHEDULER trains on others; leave out "
            "one of them"
        )
    live.check(kind)
    os.environ[live.VARIABLE] = kind


@contextmanager
def declared(runs: Sequence[str]) -> Iterator[None]:
    """While the runs train, DVC shows their DVCLive curves: a chart a name, with a line for each.

    DVC reads no dvc.yaml that git is told to ignore, and takes into an experiment whatever one
    declares. So the file is neither ignored nor left behind.
    """
    path = FOLDER / "dvc.yaml"
    if os.environ.get(live.VARIABLE) == "dvclive":
        plots = []
        for name in live.NAMES:
            lines = {f"{run}/plots/metrics/{name}.tsv": name for run in runs}
            plots.append({f"live {name}": {"title": name, "x": "step", "y": lines}})
        for run in runs:
            live.begin(FOLDER / run)
        write_yaml(path, {"plots": plots})
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
