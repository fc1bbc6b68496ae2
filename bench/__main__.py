"""Measures this machine: `python -m bench [--part NAME ...]`, all parts without it.

Prints a table of what was measured, each target and whether it is met, and writes
reports/bench.json. A part that was not asked for keeps its values from an earlier run on the same
machine.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from ablation.base.files import read_json, write_json
from bench import (
    engines,
    generator,
    growth,
    lock_file,
    machine,
    memory,
    no_op,
    startup,
    step_parts,
    study,
    train_step,
)
from bench.processes import ROOT
from bench.results import Report, Row, merge, significant, table

REPORT = Path("reports/bench.json")

PARTS: dict[str, Callable[[], list[Row]]] = {
    "train_step": train_step.measure,
    "engines": engines.measure,
    "step_parts": step_parts.measure,
    "study": study.measure,
    "no_op": no_op.measure,
    "generator": generator.measure,
    "memory": memory.measure,
    "startup": startup.measure,
    "growth": growth.measure,
    "lock_file": lock_file.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--part", nargs="+", choices=PARTS, default=list(PARTS), metavar="NAME",
                        help=f"of {', '.join(PARTS)}")  # fmt: skip
    options = parser.parse_args()
    print(record(ROOT / REPORT, {name: PARTS[name] for name in PARTS if name in options.part}))
    print(f"\nwritten to {REPORT}")


def record(path: Path, parts: Mapping[str, Callable[[], list[Row]]]) -> str:
    """Measures the parts, writes each into the report as soon as it is known, gives the table."""
    here = machine.describe()
    for name, part in parts.items():
        print(f"{name} ...", flush=True)
        measured = timed(part)
        before = read_json(path) if path.exists() else None
        write_json(path, merge(before, here, {name: measured}))
        print(f"{name}: {measured['seconds']:.0f} s", flush=True)
    report = read_json(path)
    order = [*PARTS, *(name for name in report["parts"] if name not in PARTS)]
    known = {name: report["parts"][name]["rows"] for name in order if name in report["parts"]}
    return table(known)


def timed(part: Callable[[], list[Row]]) -> Report:
    """A part's rows, how long it took, and how busy the machine was before and after."""
    before, started = machine.load_average(), time.perf_counter()
    rows = part()
    return {
        "load_average": {"start": before, "end": machine.load_average()},
        "seconds": significant(time.perf_counter() - started),
        "rows": [row.content() for row in rows],
    }


if __name__ == "__main__":
    main()
