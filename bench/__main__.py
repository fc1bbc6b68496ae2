"""Measures what a person waits for, into reports/bench.json: `python -m bench`, some five minutes.

Each part gives rows: a name, samples, a unit, and a mark where there is one. Marks are of ratios:
both sides are measured in turns in one run, so that a slow machine is slow for both.
"""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path
from statistics import median

from ablation.base import cli
from ablation.base.files import write_json
from ablation.monitoring.provenance import processor
from bench import graph, step
from runner.local import cores

REPORT = Path("reports/bench.json")


def main() -> None:
    # The step last: it sets variables that the commands of the graph would have too.
    rows = [{**row, "value": median(row["samples"])} for row in [*graph.rows(), *step.rows()]]
    for row in rows:
        mark = ""
        if "at_least" in row:
            mark = f"at least {row['at_least']:g}: {_met(row['value'] >= row['at_least'])}"
        elif "at_most" in row:
            mark = f"at most {row['at_most']:g}: {_met(row['value'] <= row['at_most'])}"
        print(f"{row['name']:60} {row['value']:10.4g} {row['unit']:10} {mark}")
    packages = ("tensorflow", "keras", "numpy", "dvc")
    machine = {
        "processor": processor(),
        "cores": cores(),
        "load": os.getloadavg()[0],
        "packages": {name: version(name) for name in packages},
    }
    write_json(REPORT, {"machine": machine, "rows": rows})
    print(f"written to {REPORT}")


def _met(met: bool) -> str:
    return "met" if met else "NOT met"


if __name__ == "__main__":
    cli.run("bench", main)
