"""What DVC costs a run in a graph of many runs, and how large its lock file grows."""

from __future__ import annotations

import resource
import tempfile
from pathlib import Path

from ablation.base.files import read_yaml, write_yaml
from bench import checkouts
from bench.results import Row, of
from runner import graph

ARMS, SEEDS = 12, 10
RUNS = 3  # measured one after another
LOCK_MEGABYTES, PROCESSOR_SECONDS = 0.5, 4.0


def measure() -> list[Row]:
    """Processor seconds of DVC for one run in an up-to-date graph whose stages are stubs."""
    with tempfile.TemporaryDirectory() as folder:
        checkout = checkouts.up_to_date(Path(folder) / "graph", ARMS, SEEDS)
        megabytes = (checkout.path / "dvc.lock").stat().st_size / 1e6
        keys = [f"arm_{number}-0" for number in range(RUNS)]
        replace_commands(checkout.path)
        seconds = []
        for key in keys:
            before = _children()
            checkout.run(*graph.run_command(key))
            seconds.append(_children() - before)
    name = f"{ARMS} arms x {SEEDS} seeds"
    return [
        of(f"processor time of DVC for one run, {name}", seconds, "s", at_most=PROCESSOR_SECONDS),
        Row(f"lock file, {name}", megabytes, "MB", at_most=LOCK_MEGABYTES),
    ]


def replace_commands(path: Path) -> None:
    """Training and evaluation that only write a line, so that what is measured is DVC's."""
    content = read_yaml(path / "dvc.yaml")
    run = "${item.arm}-${item.seed}"
    histories, network = f"models/histories/{run}", f"models/networks/{run}.keras"
    content["stages"]["train"]["cmd"] = (
        f"mkdir -p {histories} && echo {run} > {histories}/history.csv && echo {run} > {network}"
    )
    out = f"models/evaluations/{run}"
    content["stages"]["evaluate"]["cmd"] = f"mkdir -p {out} && echo {run} > {out}/metrics.json"
    write_yaml(path / "dvc.yaml", content)


def _children() -> float:
    """Processor seconds of all processes that have ended and were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
